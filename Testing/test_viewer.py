"""The interactive view: what is packed into the page, and what a real browser makes of it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import nibabel
import numpy as np
import pytest
from browsing import NO_GL, canvas, coloured, errors, fetched, move, opened, state
from marks import long

from AGE2HIELib.explanation.compare import standing
from AGE2HIELib.report.backdrop import adc_backdrop
from AGE2HIELib.report.landmarks import peak_voxel
from AGE2HIELib.report.page import template
from AGE2HIELib.report.viewer import brain_box, cropped, ranked, viewer_parts
from AGE2HIELib.volume import Volume


def grids() -> dict[str, np.ndarray]:
    """Affines of canonical voxel order: upright, and turned by 0.25 rad with 1.5 x 2 x 4 mm voxels."""
    turn = np.array([[np.cos(0.25), -np.sin(0.25), 0], [np.sin(0.25), np.cos(0.25), 0], [0, 0, 1]])
    oblique = np.eye(4)
    oblique[:3, :3] = turn @ np.diag([1.5, 2.0, 4.0])
    oblique[:3, 3] = [-30.0, -40.0, -20.0]
    return {"upright": np.diag([2.0, 2.0, 2.0, 1.0]), "oblique": oblique}


def planted(affine: np.ndarray) -> tuple[Volume, Volume, dict[str, Volume]]:
    """A ball of a brain; "left" has evidence in the patient's left half alone, "right" in the right one."""
    shape = (44, 40, 26)
    place = np.stack(np.meshgrid(*[np.linspace(-1, 1, size) for size in shape], indexing="ij"))
    brain = (place**2).sum(axis=0) < 0.7
    adc = np.where(brain, 1200 + 300 * place[2], 0).astype(np.float32)

    def blob(side: float) -> Volume:
        distance = ((place - np.array([side, 0.1, 0.0])[:, None, None, None]) ** 2).sum(axis=0)
        return Volume(np.where(brain, np.exp(-distance / 0.03), 0).astype(np.float32), affine)

    # RAS+: the first axis grows towards the patient's right
    return Volume(adc, affine), Volume(brain, affine), {"left": blob(-0.45), "right": blob(0.45)}


def page_of(affine: np.ndarray, folder: Path) -> Path:
    adc, brain, maps = planted(affine)
    shown = {name: ranked(name, one) for name, one in maps.items()}
    viewer = viewer_parts(adc_backdrop(adc), brain, shown)
    body = template("viewer.html.j2").render(viewer=viewer)
    style = template("style.html.j2").render()
    path = folder / "page.html"
    head = f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>t</title>{style}</head>'
    path.write_text(f"{head}<body><main>{body}</main></body></html>", encoding="utf-8")
    return path


def unpacked(text: str) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image.from_bytes(gzip.decompress(base64.b64decode(text)))


@pytest.mark.parametrize("name", ["upright", "oblique"])
def test_what_is_packed_stands_where_it_stood(name: str) -> None:
    adc, brain, maps = planted(grids()[name])
    box = brain_box(brain)
    parts = viewer_parts(adc_backdrop(adc), brain, {"left": ranked("Left", maps["left"])})
    content = json.loads(parts["content"])
    found = unpacked(content["below"])
    start = [part.start for part in box]
    corner = adc.affine_ras @ [*start, 1]
    np.testing.assert_allclose((found.affine @ [0, 0, 0, 1])[:3], corner[:3], atol=1e-4)
    np.testing.assert_allclose(found.affine[:3, :3], adc.affine_ras[:3, :3], atol=1e-5)
    np.testing.assert_array_equal(np.asarray(found.dataobj), np.rint(adc.array[box]))
    expected = standing(maps["left"].array)
    packed = np.asarray(unpacked(content["maps"][0]["data"]).dataobj) / content["steps"]
    np.testing.assert_allclose(packed, cropped(Volume(expected, adc.affine_ras), box).array, atol=0.5 / 255)


def test_titles_cannot_end_the_script_that_holds_them() -> None:
    adc, brain, maps = planted(np.eye(4))
    parts = viewer_parts(adc_backdrop(adc), brain, {"x": ranked("</script><b>", maps["left"])})
    assert "<" not in parts["content"]
    assert "<b>" not in template("viewer.html.j2").render(viewer=parts)


def test_the_page_asks_for_nothing_and_is_of_bounded_size(tmp_path: Path) -> None:
    text = page_of(np.eye(4), tmp_path).read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)
    assert len(text) < 1_300_000


@pytest.mark.browser
@pytest.mark.parametrize("name", [long("upright"), "oblique"])
def test_the_controls_change_the_picture_and_left_is_left(name: str, tmp_path: Path) -> None:
    with opened(page_of(grids()[name], tmp_path)) as driver:
        assert state(driver) == "ready"
        _, brain_mask, planted_maps = planted(grids()[name])
        peak = peak_voxel(planted_maps["left"])
        assert peak is not None
        at_peak = peak[2] - brain_box(brain_mask)[2].start + 1
        assert driver.find_element("id", "viewer-slice-text").text.startswith(f"{at_peak} of ")
        first = canvas(driver)
        axial = first.shape[1] // 3  # three planes in a row: axial, coronal, sagittal
        lit = np.argwhere(coloured(first)[:, :axial])
        assert len(lit) > 200
        brain = np.argwhere(first[:, :axial].max(axis=-1) > 60)[:, 1]
        assert lit[:, 1].min() > (brain.min() + brain.max()) / 2  # the patient's left is on the picture's right
        move(driver, "method", "right", "change")
        other = np.argwhere(coloured(canvas(driver))[:, :axial])
        assert other[:, 1].max() < (brain.min() + brain.max()) / 2
        move(driver, "method", "left", "change")
        counts = []
        for share in (5, 50, 95):
            move(driver, "threshold", share)
            counts.append(int(coloured(canvas(driver)).sum()))
        assert counts[0] < 0.5 * counts[1] < 0.9 * counts[1] < counts[2]
        move(driver, "opacity", 0)
        assert coloured(canvas(driver)).sum() == 0
        move(driver, "opacity", 100)
        strong = canvas(driver)
        assert coloured(strong).sum() > 0
        move(driver, "slice", 3)
        assert np.abs(canvas(driver) - strong)[:, :axial].max() > 30
        assert driver.find_element("id", "viewer-slice-text").text.startswith("3 of ")
        driver.find_element("id", "viewer-peak").click()
        assert driver.find_element("id", "viewer-slice-text").text.startswith(f"{at_peak} of ")
        assert errors(driver) == []
        assert fetched(driver) == []


@pytest.mark.browser
def test_without_webgl_the_page_says_so_and_nothing_fails(tmp_path: Path) -> None:
    with opened(page_of(np.eye(4), tmp_path), *NO_GL) as driver:
        assert state(driver) == "unavailable"
        assert "WebGL 2" in driver.find_element("id", "viewer-message").text
        assert errors(driver) == []
