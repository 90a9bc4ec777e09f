"""Every saliency method on planted networks whose answer is known, and beside MONAI's and captum's."""

from functools import partial

import numpy as np
import pytest
import torch
from bundles import input_spec, untrained_bundle, untrained_facts
from marks import long
from planted import planted_network, world

from AGE2HIELib.bundle.model_facts import Calibration
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation import gradient_methods as integrated_gradients
from AGE2HIELib.explanation import perturbation_methods as occlusion
from AGE2HIELib.explanation.maps import AGE_TARGET
from AGE2HIELib.explanation.question import TARGETS as OUTCOMES
from AGE2HIELib.explanation.question import WHOLE_IMAGE, Question, output_number
from AGE2HIELib.explanation.registry import METHODS
from AGE2HIELib.explanation.saliency import explain_score
from AGE2HIELib.networks.age import years_from_outputs
from AGE2HIELib.networks.age_head import AgeBins, AgeHead
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.pipeline.request import SALIENCY_METHODS, TARGETS
from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.volume import Grid

SHAPE = (24, 30, 18)
SLOPE = 2.0
LEFT, RIGHT = (5, 14, 8), (17, 14, 8)  # voxels of the grid whose first axis runs to the right
SIGNED = [name for name, method in METHODS.items() if method.signed]
TURN = np.array([[np.cos(0.3), -np.sin(0.3), 0], [np.sin(0.3), np.cos(0.3), 0], [0, 0, 1]])
# isotropic; anisotropic; first and third axis against the patient's; oblique and anisotropic
ORIENTATIONS = {
    "upright": np.diag([2.0, 2.0, 2.0]),
    "anisotropic": np.diag([1.5, 2.0, 4.0]),
    "flipped": np.diag([-2.0, 1.5, -3.0]),
    "oblique": TURN @ np.diag([2.0, 1.5, 3.0]),
}
SLOW = "smooth-integrated-gradients"  # minutes; the turned and the mirrored grid ask most of it
SIGNED_AND_LYING = [
    long(method, lying) if method == SLOW and lying in ("upright", "anisotropic") else (method, lying)
    for method in SIGNED
    for lying in ORIENTATIONS
]


def grid_of(orientation: str) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = ORIENTATIONS[orientation]
    affine[:3, 3] = -affine[:3, :3] @ (np.array(SHAPE) - 1) / 2
    return Grid(SHAPE, affine)


def facts_of(grid: Grid):
    spec = InputSpec(grid, (Channel("adc", 0.0, 1.0, -10.0, 10.0),))
    return untrained_facts(spec=spec, calibration=Calibration(SLOPE, 0.0, 0.5), saliency_layer="block1")


def image_with(values: dict) -> np.ndarray:
    image = np.zeros((1, 1, *SHAPE), dtype=np.float32)
    for voxel, value in values.items():
        image[(0, 0, *voxel)] = value
    return image


def test_the_command_line_names_every_method_and_target():
    assert tuple(METHODS) == SALIENCY_METHODS
    assert (*OUTCOMES, AGE_TARGET) == TARGETS


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("method", METHODS)
def test_a_single_voxel_is_found_where_it_lies(method: str, orientation: str) -> None:
    grid = grid_of(orientation)
    network = planted_network((3e4, -2.0)) if method == "noise-map" else planted_network((3.0, -2.0))
    found = explain_score([network], facts_of(grid), image_with({RIGHT: 4.0}), method=method).saliency
    peak = np.unravel_index(np.argmax(found.array), found.array.shape)
    offset = np.linalg.solve(grid.affine_ras[:3, :3], world(found.grid, peak) - world(grid, RIGHT))
    stride = found.grid.spacing_mm / grid.spacing_mm
    assert np.all(np.abs(offset) <= stride / 2 + 1e-9)
    assert found.array.max() > 0


@pytest.mark.parametrize(("method", "orientation"), SIGNED_AND_LYING)
def test_both_sides_have_their_sign_and_their_place(method: str, orientation: str) -> None:
    """What lies on one side speaks for, what lies on the other against; a favourable outcome turns it round."""
    grid, network = grid_of(orientation), planted_network((3.0, -2.0))
    image = image_with({LEFT: 4.0, RIGHT: -4.0})
    for target, sign in (("adverse", 1), ("favourable", -1)):
        found = explain_score([network], facts_of(grid), image, method=method, target=target).saliency
        flat = sign * found.array
        for index, voxel in ((np.argmax(flat), LEFT), (np.argmin(flat), RIGHT)):
            place = world(found.grid, np.unravel_index(int(index), flat.shape))
            offset = np.linalg.solve(grid.affine_ras[:3, :3], place - world(grid, voxel))
            assert np.all(np.abs(offset) <= found.grid.spacing_mm / grid.spacing_mm / 2 + 1e-9)
        assert flat.max() > 0 > flat.min()


@pytest.mark.parametrize("method", ["hirescam", "integrated-gradients", "occlusion"])
def test_a_linear_network_gives_each_part_its_share_of_the_logit(method: str) -> None:
    image = image_with({LEFT: 4.0, RIGHT: -4.0})
    found = explain_score(
        [planted_network((3.0, -2.0))], facts_of(grid_of("upright")), image, method=method
    ).saliency.array
    cells = 12 * 15 * 9
    assert found.max() == pytest.approx(SLOPE * 3 * 4 / cells, rel=1e-5)
    assert found.min() == pytest.approx(-SLOPE * 2 * 4 / cells, rel=1e-5)
    if method != "occlusion":  # its cubes overlap
        assert found.sum() == pytest.approx(SLOPE * (3 * 4 - 2 * 4) / cells, rel=1e-4)
        assert np.count_nonzero(found) == 2


@pytest.mark.parametrize("method", ["gradcam++", "layercam"])
def test_methods_without_sign_show_what_speaks_for_the_target_alone(method: str) -> None:
    grid, network = grid_of("upright"), planted_network((3.0, -2.0))
    image = image_with({LEFT: 4.0, RIGHT: -4.0})
    maps = {
        t: explain_score([network], facts_of(grid), image, method=method, target=t).saliency.array for t in OUTCOMES
    }
    for target, voxel in (("adverse", LEFT), ("favourable", RIGHT)):
        cell = tuple(n // 2 for n in voxel)
        assert np.argwhere(maps[target]).tolist() == [list(cell)]
        assert maps[target][cell] > 0


def test_layercam_of_a_linear_network_is_its_positive_part() -> None:
    image = image_with({LEFT: 4.0, RIGHT: -4.0})
    found = explain_score([planted_network((3.0, -2.0))], facts_of(grid_of("upright")), image, method="layercam")
    assert found.saliency.array.max() == pytest.approx(SLOPE * 3 * 4 / (12 * 15 * 9), rel=1e-5)


def test_tolerated_noise_of_a_linear_filter_is_its_closed_form() -> None:
    """With f the sum of w x over n voxels a cell and m cells, w^2 sd^2 n / T^2 - log(sd) / m is least at
    sd = T / (w sqrt(2 n m)); what the filter does not read tolerates the bound."""
    from AGE2HIELib.explanation import perturbation_methods as module

    weight, side = 300.0, 16
    image = torch.full((1, 1, side, side, side), 9.0)  # far from the kink at 0, which noise must not reach
    image[:, :, side // 2 :] = -9.0  # read with weight 0
    network = planted_network((weight, 0.0), blocks=1)
    found = module.noise_map(Question(network, image, "block1", output_number(0))).cells
    voxels, cells = module.CELL**3, (side // module.CELL) ** 3
    sd = module.TOLERANCE / (weight / side**3 * np.sqrt(2 * voxels * cells))
    assert np.median(found[0]) == pytest.approx(np.log(module.LARGEST_SD / sd), abs=0.4)
    assert np.abs(found[-1]).max() < 0.05


def test_agreement_of_members_is_one_where_they_say_the_same_and_nought_where_they_cancel() -> None:
    grid = grid_of("upright")
    members = [planted_network((3.0, -2.0)), planted_network((3.0, 2.0))]
    found = explain_score(members, facts_of(grid), image_with({LEFT: 4.0, RIGHT: -4.0}))
    assert found.agreement.array[tuple(n // 2 for n in LEFT)] == pytest.approx(1)
    assert found.agreement.array[tuple(n // 2 for n in RIGHT)] == pytest.approx(0, abs=1e-6)


def test_any_output_can_be_explained_and_the_expected_age_too(monkeypatch) -> None:
    monkeypatch.setattr(integrated_gradients, "STEPS", 800)  # white noise crosses many kinks on the way from 0
    torch.manual_seed(0)
    network = build_network("sfcn", {"in_channels": 1, "channels": [4, 4, 4], "outputs": 5}).requires_grad_(False)
    image = torch.randn(1, 1, 16, 16, 16, generator=torch.Generator().manual_seed(1))
    head = AgeHead("soft", 0.0, 1.0, bins=AgeBins(0.0, 20.0, 5))
    for target in (output_number(3), partial(years_from_outputs, head=head)):
        found = METHODS["integrated-gradients"].answer(Question(network, image, "block1", target))
        with torch.no_grad():
            change = float(target(network(image)) - target(network(torch.zeros_like(image))))
        assert found.outputs.shape == (5,)
        assert found.cells.sum() == pytest.approx(change, abs=0.01 * abs(change) + 1e-6)


def test_an_unknown_target_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'death'.*adverse, favourable"):
        explain_score([planted_network((1.0, 1.0))], facts_of(grid_of("upright")), image_with({}), target="death")


@pytest.mark.parametrize("method", [long(name) if name in (SLOW, "noise-map") else name for name in METHODS])
def test_an_image_of_nothing_has_no_evidence(method: str) -> None:
    found = explain_score([planted_network((3.0, -2.0))], facts_of(grid_of("upright")), image_with({}), method=method)
    assert not found.saliency.array.any()
    assert np.isfinite(found.agreement.array).all()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return untrained_bundle(tmp_path_factory.mktemp("models") / "untrained", half_width=True, spec=input_spec())


@pytest.fixture(scope="module")
def image(bundle):
    drawn = np.random.default_rng(1).normal(size=(1, 2, *bundle.spec.grid.shape)).astype(np.float32)
    drawn[..., :8, :, :] = 0  # outside the brain
    return drawn


def test_gradcampp_agrees_with_monai(bundle, image) -> None:
    """But for exp(score), which MONAI keeps as a factor of the whole map, and for the 1e-7 that it adds to a
    denominator of squared gradients: gradients are made large, so that it does not count. In double precision, since
    denominators of both signs come near 0."""
    visualize = pytest.importorskip("monai.visualize")
    member, x = load_members(bundle)[0].double(), torch.from_numpy(image).double()
    with torch.no_grad():
        member.head.linear.weight *= 1000
        member.head.linear.bias -= member(x)[0]  # a score near 0, where exp(score) is 1
    ours = METHODS["gradcam++"].answer(Question(member, x, "block2", output_number(0))).cells
    cam = visualize.GradCAMpp(
        nn_module=member.requires_grad_(True),
        target_layers="blocks.block2",
        upsampler=lambda size: lambda cells: cells,
        postprocessing=lambda cells: cells,
    )
    theirs = cam(x, class_idx=0)[0, 0].detach().numpy()
    score = float(member(x)[0, 0].detach())
    assert theirs.max() > 0
    np.testing.assert_allclose(np.maximum(ours, 0) * np.exp(score) / theirs.max(), theirs / theirs.max(), atol=2e-4)


@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")  # in MONAI's
def test_occlusion_agrees_with_monai(bundle, image, monkeypatch) -> None:
    """Cubes side by side, as MONAI lays them without overlap."""
    visualize = pytest.importorskip("monai.visualize")
    monkeypatch.setattr(occlusion, "MARGIN", 0)
    member, side, stride = load_members(bundle)[0], 36, occlusion.STRIDE
    part = torch.from_numpy(np.ascontiguousarray(image[..., 10 : 10 + side, 10 : 10 + side, 10 : 10 + side]))
    ours = METHODS["occlusion"].answer(Question(member, part, "block2", output_number(0))).cells
    theirs, _ = visualize.OcclusionSensitivity(
        member, mask_size=stride, n_batch=8, verbose=False, mode=0.0, overlap=0.0, activate=False
    )(part)
    hidden = theirs[0, 0, ::stride, ::stride, ::stride].detach().numpy()
    whole = float(member(part)[0, 0].detach())
    np.testing.assert_allclose(ours, whole - hidden, atol=1e-5)
    assert np.ptp(ours) > 1e-3


def test_integrated_gradients_agree_with_captum(bundle, image, monkeypatch) -> None:
    attr = pytest.importorskip("captum.attr")
    monkeypatch.setattr(integrated_gradients, "STEPS", 12)
    member, x = load_members(bundle)[0], torch.from_numpy(image)
    ours = METHODS["integrated-gradients"].answer(Question(member, x, "block2", output_number(0)))
    theirs = attr.IntegratedGradients(member).attribute(
        x, target=0, n_steps=12, method="gausslegendre", internal_batch_size=4
    )
    expected = theirs.sum(1)[0].detach().numpy()
    np.testing.assert_allclose(ours.cells, expected, atol=1e-4 * np.abs(expected).max())
    by_channel = theirs[0].detach().numpy()
    np.testing.assert_allclose(ours.by_channel, by_channel, atol=1e-4 * np.abs(by_channel).max())
    np.testing.assert_allclose(ours.by_channel.sum(axis=0), ours.cells, atol=1e-12)
    assert ours.where == WHOLE_IMAGE


def test_integrated_gradients_of_the_bundled_model_sum_to_the_change_of_the_logit() -> None:
    """Within 1 %, for an infant whose logit is far from that of a brain of median ADC and normal z."""
    from AGE2HIELib.bundle.reading import read_bundle
    from AGE2HIELib.system.places import find_model

    bundle = read_bundle(find_model(None))
    grid = bundle.spec.grid.shape
    x = np.zeros((1, 2, *grid), dtype=np.float32)
    centre, radii = np.array(grid) / 2, np.array(grid) * 0.38
    inside = (((np.indices(grid).T - centre) / radii) ** 2).sum(-1).T < 1
    x[0, :, inside] = [-0.6, -0.9]
    for member in load_members(bundle)[:1]:
        with torch.no_grad():
            start = torch.from_numpy(1e-6 * x)  # zeros would be no brain
            change = float(member(torch.from_numpy(x))[0, 0] - member(start)[0, 0])
        found = METHODS["integrated-gradients"].answer(
            Question(member, torch.from_numpy(x), "block2", output_number(0))
        )
        assert abs(change) > 0.2
        assert found.cells.sum() == pytest.approx(change, rel=0.01)


def test_a_channel_that_the_network_does_not_read_has_no_part_in_the_evidence(bundle, image) -> None:
    """The first weights of z are 0: all that speaks for the number is ADC's, to the last digit."""
    members = load_members(bundle)[:1]
    first = next(module for module in members[0].modules() if isinstance(module, torch.nn.Conv3d))
    with torch.no_grad():
        first.weight[:, 1] = 0
    found = explain_score(members, bundle, image, method="integrated-gradients")
    assert list(found.channels) == ["adc", "z_adc"]
    assert np.abs(found.channels["z_adc"].array).max() == 0
    np.testing.assert_array_equal(found.channels["adc"].array, found.saliency.array)
    assert not explain_score(members, bundle, image, method="hirescam").channels
