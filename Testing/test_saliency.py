"""Saliency of planted networks, whose evidence is known cell by cell."""

import numpy as np
import pytest
import torch
from bundles import input_spec, untrained_bundle, untrained_facts
from planted import planted_network, world

from AGE2HIELib.bundle.model_facts import Calibration
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.gradient_methods import cam, hirescam, hirescam_by_voxel
from AGE2HIELib.explanation.question import Question, find_target
from AGE2HIELib.explanation.saliency import explain_score, feature_grid
from AGE2HIELib.inference.probability import predict_probability
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.networks.staged import Cells
from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.volume import Grid

_ADC = (Channel("adc", 0.0, 1.0, -10.0, 10.0),)


def oblique_grid(shape=(45, 50, 39)) -> Grid:
    """Odd sizes, 2 x 1.5 x 3 mm, turned by 0.3 rad about the superior axis."""
    turn = np.array([[np.cos(0.3), -np.sin(0.3), 0], [np.sin(0.3), np.cos(0.3), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([2.0, 1.5, 3.0])
    affine[:3, 3] = [-40.0, -35.0, -50.0]
    return Grid(shape, affine)


def planted_facts(grid: Grid):
    return untrained_facts(spec=InputSpec(grid, _ADC), calibration=Calibration(2.0, 0.0, 0.5), saliency_layer="block1")


@pytest.mark.parametrize("method", ["hirescam", "gradcam"])
def test_map_of_a_linear_network_is_its_logit_cell_by_cell(method):
    grid = oblique_grid((9, 8, 7))
    image = np.zeros((1, 1, 9, 8, 7), dtype=np.float32)
    image[0, 0, 2, 5, 3] = 4.0  # cell (1, 2, 1)
    image[0, 0, 6:8, 0:2, 4:6] = -5.0  # cell (3, 0, 2): a whole cell, since pooling keeps the highest
    facts, network = planted_facts(grid), planted_network()
    answer = explain_score([network], facts, image, method=method)
    cells = 4 * 4 * 3
    expected = np.zeros((4, 4, 3))
    expected[1, 2, 1] = 2 * 3 * 4 / cells  # calibration slope * weight * value
    if method == "hirescam":
        expected[3, 0, 2] = -2 * 2 * 5 / cells
        np.testing.assert_allclose(answer.saliency.array, expected, atol=1e-6)
        # every bit of the calibrated logit is somewhere on the map
        logit = np.log(answer.prediction.probability_adverse / (1 - answer.prediction.probability_adverse))
        assert answer.saliency.array.sum() == pytest.approx(logit, rel=1e-4)
    else:
        assert np.argmax(answer.saliency.array) == np.argmax(expected)
        assert np.unravel_index(np.argmin(answer.saliency.array), (4, 4, 3)) == (3, 0, 2)


_SUMMED = {"channels": [4, 4, 4], "norm": "group", "pooling": "voxels"}
SUMMED = {  # the arguments, and how many of the channels the evidence of voxels is read from
    "sfcn": ({**_SUMMED, "in_channels": 2}, 2),
    "fused": ({**_SUMMED, "in_channels": 4, "sequences": [2, 1, 1]}, 2),
    "streams": ({**_SUMMED, "in_channels": 3, "streams": [2, 1]}, 2),
}


@pytest.mark.parametrize("name", sorted(SUMMED))
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("layer", ["block1", "block2"])
def test_summed_evidence_lies_in_its_voxels_and_the_map_keeps_the_cells_sums(name, mirrored, layer):
    torch.manual_seed(0)
    arguments, read = SUMMED[name]
    network = build_network(name, {**arguments, "outputs": 1, "mirrored": mirrored}).eval().requires_grad_(False)
    channels = arguments["in_channels"]
    image = torch.zeros(1, channels, 16, 16, 8)
    image[:, :, 2:14, 2:14, 1:7] = 0.3 * torch.randn(1, channels, 12, 12, 6)
    image[0, 1, 9, 4, 3] = -8.0  # one voxel that speaks
    weight = network.voxels.values[0].weight
    assert weight.shape[1] == read
    weight[:, 1] = -weight[:, 1].abs()
    network.voxels.values[2].weight.abs_()  # evidence falls as the second channel rises
    question = Question(network, image, layer, find_target("adverse"))
    by_cell, by_voxel = cam(hirescam)(question), hirescam_by_voxel(question)
    assert by_voxel.cells.shape == (16, 16, 8)
    i, j, k = by_cell.cells.shape
    boxes = by_voxel.cells.reshape(i, 16 // i, j, 16 // j, k, 8 // k)
    np.testing.assert_allclose(boxes.sum((1, 3, 5)), by_cell.cells, atol=1e-6)
    assert np.unravel_index(by_voxel.cells.argmax(), by_voxel.cells.shape) == (9, 4, 3)
    np.testing.assert_array_equal(by_voxel.outputs, by_cell.outputs)


@pytest.mark.parametrize("voxel", [(0, 0, 0), (7, 21, 30), (43, 49, 37), (22, 24, 18)])
def test_a_single_voxel_lights_the_cell_that_holds_it(voxel):
    grid = oblique_grid()
    image = np.zeros((1, 1, *grid.shape), dtype=np.float32)
    image[(0, 0, *voxel)] = 1.0
    saliency = explain_score([planted_network()], planted_facts(grid), image).saliency
    cell = np.unravel_index(np.argmax(saliency.array), saliency.array.shape)
    assert np.count_nonzero(saliency.array) == 1
    # the voxel's centre is half a voxel from its cell's centre, along each axis
    offset = np.linalg.solve(grid.affine_ras[:3, :3], world(saliency.grid, cell) - world(grid, voxel))
    np.testing.assert_allclose(np.abs(offset), 0.5, atol=1e-9)


@pytest.mark.parametrize("pooling_blocks", [1, 2])
@pytest.mark.parametrize("centre", [(20.0, 24.0, 18.0), (21.3, 25.6, 19.2), (18.7, 22.1, 20.5)])
def test_a_bump_is_found_where_it_was_put(pooling_blocks, centre):
    grid = oblique_grid()
    distances = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1) - centre
    bump = np.exp(-(distances**2).sum(-1) / (2 * 4.0**2)).astype(np.float32)
    layer = f"block{pooling_blocks}"
    answer = explain_score(
        [planted_network(blocks=pooling_blocks + 1)], planted_facts(grid), bump[None, None], layer=layer
    )
    weights, cells = answer.saliency.array, np.indices(answer.saliency.array.shape).reshape(3, -1)
    found = world(answer.saliency.grid, cells @ weights.ravel() / weights.sum())
    cell_mm = np.array(answer.resolution_mm)
    np.testing.assert_allclose(cell_mm, grid.spacing_mm * 2**pooling_blocks)
    turned_back = np.linalg.solve(grid.affine_ras[:3, :3] / grid.spacing_mm, found - world(grid, centre))
    assert np.all(np.abs(turned_back) < cell_mm / 10)


def test_two_poolings_of_odd_sizes_leave_the_cells_of_one_pooling_by_four():
    grid = oblique_grid((7, 11, 13))
    twice, once = feature_grid(feature_grid(grid, Cells(2, 0.5)), Cells(2, 0.5)), feature_grid(grid, Cells(4, 1.5))
    assert twice.same_as(once)
    assert once.shape == (1, 2, 3)


def test_evidence_that_depends_on_its_surroundings_needs_hirescam():
    """A network that wants any departure from 5: the lesion (8) and the rest (3) pull in opposite directions."""
    network = planted_network()
    network.blocks.block2.conv.weight.data[:, :, 0, 0, 0] = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    network.blocks.block2.conv.bias.data = torch.tensor([-5.0, 5.0])
    network.head.linear.weight.data = torch.tensor([[1.0, 1.0]])
    image = np.full((1, 1, 16, 16, 16), 3.0, dtype=np.float32)
    image[0, 0, 4:8, 4:8, 4:8] = 8.0
    facts = planted_facts(oblique_grid((16, 16, 16)))
    maps = {m: explain_score([network], facts, image, method=m).saliency.array for m in ("hirescam", "gradcam")}
    # more ADC in the lesion makes the logit larger there, and only the element-wise product says so
    assert maps["hirescam"][3, 3, 3] == pytest.approx(2 * 8 / 512)
    assert maps["gradcam"][3, 3, 3] < 0


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return untrained_bundle(tmp_path_factory.mktemp("models") / "untrained", half_width=True, spec=input_spec())


@pytest.fixture(scope="module")
def image(bundle):
    return np.random.default_rng(1).normal(size=(1, 2, *bundle.spec.grid.shape)).astype(np.float32)


def test_prediction_is_the_same_with_and_without_saliency(bundle, image):
    members = load_members(bundle)
    alone, explained = predict_probability(members, bundle, image), explain_score(members, bundle, image).prediction
    assert explained.probability_adverse == pytest.approx(alone.probability_adverse, abs=1e-6)
    assert explained.members == pytest.approx(alone.members, abs=1e-6)


def test_ensemble_map_is_the_mean_of_the_members_maps(bundle, image):
    members = load_members(bundle)
    single = [explain_score([member], bundle, image).saliency.array for member in members]
    np.testing.assert_allclose(explain_score(members, bundle, image).saliency.array, np.mean(single, axis=0), atol=1e-6)


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")  # of MONAI's
@pytest.mark.parametrize("layer", ["block1", "block2", "block3"])
def test_gradcam_agrees_with_monai(bundle, image, layer):
    monai_visualize = pytest.importorskip("monai.visualize")
    member = load_members(bundle)[0]
    ours = (
        explain_score([member], bundle, image, method="gradcam", layer=layer).saliency.array / bundle.calibration.slope
    )
    cam = monai_visualize.GradCAM(
        nn_module=member.requires_grad_(True),
        target_layers=f"blocks.{layer}",
        upsampler=lambda size: lambda cells: cells,
        postprocessing=lambda cells: cells,
    )
    theirs = cam(torch.from_numpy(image), class_idx=0)[0, 0].detach().numpy()
    scale = theirs.max()
    assert scale > 0
    np.testing.assert_allclose(np.maximum(ours, 0) / scale, theirs / scale, atol=1e-5)


def test_unknown_method_or_layer_is_answered_with_the_known_ones(bundle, image):
    members = load_members(bundle)
    with pytest.raises(InputError, match=r"'guess'.*hirescam, gradcam"):
        explain_score(members, bundle, image, method="guess")
    with pytest.raises(InputError, match=r"'block9'.*block1, block2"):
        explain_score(members, bundle, image, layer="block9")
