"""Clinical variables: what a file may say, and how image and variables become one number."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from AGE2HIELib.clinical.fusion import Fusion, fuse
from AGE2HIELib.clinical.reading import NOTHING_GIVEN, read_clinical, read_clinical_table
from AGE2HIELib.clinical.variables import BY_NAME, FUSED, VARIABLES, ClinicalData, combined
from AGE2HIELib.errors import InputError

WHOLE = ClinicalData(
    gestation_weeks=39.0,
    sex="female",
    apgar_1=1.0,
    apgar_5=3.0,
    apgar_10=5.0,
    cord_ph=6.91,
    base_deficit_mmol_l=18.5,
    sarnat_grade=2.0,
    seizures=True,
    cooled=False,
    age_days=3.5,
    weight_g=3300.0,
    head_cm=34.5,
)


def written(folder: Path, text: str | bytes, name: str = "clinical.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def table(**values: object) -> str:
    return ",".join(values) + "\n" + ",".join(map(str, values.values())) + "\n"


FILES = {
    "JSON": json.dumps({name: getattr(WHOLE, name) for name in WHOLE.given}),
    "CSV": table(**{name: getattr(WHOLE, name) for name in WHOLE.given}),
    "words": table(
        **{
            **{name: getattr(WHOLE, name) for name in WHOLE.given},
            "gestation_weeks": "39+0",
            "sex": "F",
            "sarnat_grade": "Stage II",
            "seizures": "Yes",
            "cooled": "nein",
        }
    ),
    "capitals, blanks and a mark": "\ufeff"
    + table(**{name.replace("_", " ").upper(): getattr(WHOLE, name) for name in WHOLE.given}),
}


@pytest.mark.parametrize("kind", FILES)
def test_every_way_of_writing_says_the_same(tmp_path: Path, kind: str) -> None:
    found = read_clinical(written(tmp_path, FILES[kind]))
    assert found.data == WHOLE
    assert found.warnings == ()
    assert set(WHOLE.given) == {variable.name for variable in VARIABLES}


@pytest.mark.parametrize(
    "text", ["", "  \n", "{}", '{"cord_ph": null}', "cord_ph,sex\n", "cord_ph,sex\nn/a,\n", ",,\n", '" "\n']
)
def test_a_file_that_gives_nothing_is_read_with_a_warning(tmp_path: Path, text: str) -> None:
    found = read_clinical(written(tmp_path, text))
    assert found.data == ClinicalData()
    assert found.warnings == (NOTHING_GIVEN,)


REFUSED = {
    "cord_ph\n69\n": r"cord_ph is 69; it must be 6\.2 to 7\.7\. The decimal point may be missing: write it \(6\.9\)\.",
    "weight_g\n3.3\n": r"weight_g is 3\.3; it must be 300 to 7000 g\. It may be in kilograms: give grams \(3300\)\.",
    "head_cm\n345\n": r"give centimetres \(34\.5\)",
    "gestation_weeks\n275\n": r"may be in days: give weeks \(39\.286\)",
    "base_deficit_mmol_l\n-16\n": r"base excess: give the deficit, without the minus sign \(16\)",
    "base_excess\n-16\n": r"give base_deficit_mmol_l instead",
    "apgar_5\n11\n": r"apgar_5 is 11; it must be a whole number, 0 to 10",
    "apgar_5\n4.5\n": r"a whole number",
    "sarnat_grade\n4\n": r"0 to 3",
    "apgar5\n4\n": r"column 'apgar5' is none that is known\. Did you mean apgar_5 or",
    "ph\n7\n": r"Did you mean cord_ph\?",
    "gestation\n39\n": r"Did you mean gestation_weeks",
    "shoe\n39\n": r"Known are gestation_weeks, sex",
    "length of stay\n12\n": r"length of stay is not used, since it is known only after the scan",
    "days_ventilated\n12\n": r"ventilation is not used",
    "Nutrition\noral\n": r"nutrition is not used",
    "outcome\n1\n": r"an outcome is not used",
    "date_of_birth\n2024-03-05\n": r"no dates are read\. Give age_days",
    "patient_name\nX\n": r"nothing that names a person is read",
    "case,sex\nA,f\n": r"belongs to the table of a batch",
    "age_days\n2024-03-05\n": r"looks like a date",
    "age_days\n05.03.2024\n": r"looks like a date",
    "weight_g\n20240305\n": r"looks like a date",
    "weight_g\n3300 g\n": r"weight_g is '3300 g', where a number belongs\. Give a number in g, 300 to 7000, without",
    'cord_ph\n"7,05"\n': r"with a decimal comma\. Write it with a point: 7\.05",
    "cord_ph,weight_g\n7,05,3300\n": r"row 2 has 3 cells, and the header 2.*not with a comma",
    "cord_ph;weight_g\n7,05;3300\n": r"separates its columns by semicolons\. Save it with commas",
    "cord_ph\n7\n7.1\n": r"has 2 rows, and one infant has one",
    "cord_ph,Cord pH\n7,7.1\n": r"gives 'Cord pH' twice",
    '{"cord_ph": 7, "cord_ph": 7.1}': r"gives 'cord_ph' twice",
    '{"cord_ph": NaN}': r"holds NaN, which is no number",
    '{"cord_ph": Infinity}': r"holds Infinity",
    '{"cord_ph": 1e999}': r"cord_ph is inf, which is no number",
    "cord_ph\nnan\n": r"cord_ph is nan, which is no number",
    '{"cord_ph": true}': r"cord_ph is True, which is no number",
    '{"cord_ph": [7]}': r"which is no number",
    '{"cord_ph": {"value": 7}}': r"which is no number",
    '[{"cord_ph": 7}, {"cord_ph": 7.1}]': r"has 2 rows, and one infant has one",
    "[7.05]": r"holds 7\.05 where an infant's variables should stand",
    '[["cord_ph", 7]]': r"where an infant's variables should stand",
    '{"cord_ph": 7': r"is not JSON",
    "sex\n1\n": r"sex is '1'; it must be male or female",
    "seizures\nmaybe\n": r"seizures is 'maybe'; it must be yes or no",
    "cord_ph,\n7,\n": r"a column without a name",
    "cord_ph\n1_0\n": r"where a number belongs",
    "6.9,yes\n": r"column '6\.9' is none that is known",
    "outcome\n": r"an outcome is not used",
    "weight_g\n" + "9" * 5000 + "\n": r"weight_g is 9{60}, which is no number",
}


def test_letters_with_their_accents_apart_are_the_same_letters(tmp_path: Path) -> None:
    """As a Mac may write them: m, a, combining diaeresis."""
    found = read_clinical(written(tmp_path, "sex,seizures\nma\u0308nnlich,si\u0301\n"))
    assert found.data == ClinicalData(sex="male", seizures=True)


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_used_is_one_line_with_a_remedy(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=REFUSED[text]) as error:
        read_clinical(written(tmp_path, text))
    assert "\n" not in str(error.value)
    assert str(error.value).rstrip().endswith((".", "?"))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"PK\x03\x04rest", "is a workbook"), (b"cord_ph\n\xff\xfe\xfa\n", "is no text"), (b"a\x00b", "bytes of 0")],
)
def test_files_that_are_no_text_are_told(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_clinical(written(tmp_path, content))
    with pytest.raises(InputError, match="There is no file 'none"):
        read_clinical(tmp_path / "none.json")
    for path in (tmp_path, Path("/dev/zero")):
        if path.exists():
            with pytest.raises(InputError, match="a folder, a device or a pipe"):
                read_clinical(path)


def test_a_batch_has_a_row_for_each_case(tmp_path: Path) -> None:
    found = read_clinical_table(written(tmp_path, "Case,cord_ph,sex\nA,7.05,m\nB,n/a,f\n"))
    assert found == {"A": ClinicalData(cord_ph=7.05, sex="male"), "B": ClinicalData(sex="female")}
    for text, words in {
        "cord_ph\n7\n": "no column 'case'",
        "case,cord_ph\nA,7\nA,7\n": "the case A twice",
        "case,cord_ph\n,7\n": "row 2: it names no case",
        "case,cord_ph\nA,69\n": "A: cord_ph is 69",
        '{"case": null, "cord_ph": 7}': "row 2: it names no case",
    }.items():
        with pytest.raises(InputError, match=words):
            read_clinical_table(written(tmp_path, text))
    assert read_clinical_table(written(tmp_path, "case,sex\nNA,f\n")) == {"NA": ClinicalData(sex="female")}
    listed = read_clinical_table(written(tmp_path, '[{"case": "A", "cord_ph": 7.05}, {"case": "B", "sex": "f"}]'))
    assert listed == {"A": ClinicalData(cord_ph=7.05), "B": ClinicalData(sex="female")}
    assert read_clinical_table(written(tmp_path, ",,\n")) == {}


def test_options_and_file_are_one_statement() -> None:
    assert combined(ClinicalData(sex="male"), {"age_days": 3.0, "cooled": None}) == ClinicalData(sex="male", age_days=3)
    assert combined(ClinicalData(age_days=3.0), {"age_days": 3.0}) == ClinicalData(age_days=3.0)
    with pytest.raises(InputError, match=r"--age-days is 4, and the clinical file says 3\. Give it once"):
        combined(ClinicalData(age_days=3.0), {"age_days": 4.0})
    with pytest.raises(InputError, match=r"--cooled is no, and the clinical file says yes"):
        combined(ClinicalData(cooled=True), {"cooled": False})


def test_weeks_and_days_are_the_same_age_as_their_decimal_fraction() -> None:
    """39 weeks and 3 days are 39.43, or 39.4 where a tenth is all that is told; 39.3 is a day less."""
    file = ClinicalData(gestation_weeks=39 + 3 / 7)
    assert combined(file, {"gestation_weeks": 39.4}) == combined(file, {"gestation_weeks": 39.43}) == file
    with pytest.raises(InputError, match=r"--gestation-weeks is 39\.3, and the clinical file says 39\.4286"):
        combined(file, {"gestation_weeks": 39.3})


def some_fusion(seed: int = 0, width: int = 4) -> Fusion:
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(width, width))
    spread = rng.normal(size=(2 * width, 2 * width))
    return Fusion(
        names=FUSED[:width],
        mean=rng.normal(size=width) * 10,
        sd=rng.uniform(0.5, 3, width),
        image_mean=0.3,
        image_slope=rng.normal(size=width) * 0.2,
        covariance=mixed @ mixed.T / width + np.eye(width) / 2,
        coefficients=rng.normal(size=width) * 0.5,
        missing_coefficients=rng.normal(size=width) * 0.1,
        missing_share=rng.uniform(0.1, 0.3, width),
        uncertainty=spread @ spread.T / 100,
        penalty=1.0,
    )


def test_nothing_known_is_the_image_to_the_last_bit() -> None:
    image = np.random.default_rng(1).normal(size=50) * 3
    found = fuse(some_fusion(), image, np.full((50, 4), np.nan))
    np.testing.assert_array_equal(found.logit, image)
    np.testing.assert_array_equal(found.parts, 0)
    np.testing.assert_array_equal(found.sd, 0)


def test_image_and_parts_make_the_logit_and_a_missing_variable_is_averaged_over() -> None:
    """The closed form is held against 400,000 draws of what is missing."""
    fusion, rng = some_fusion(), np.random.default_rng(2)
    image, values = np.array([0.8]), fusion.mean + fusion.sd * np.array([[0.5, np.nan, -1.0, np.nan]])
    found = fuse(fusion, image, values)
    np.testing.assert_allclose(found.logit, found.image + found.parts.sum(axis=1))
    residual = (values[0] - fusion.mean) / fusion.sd - (image[0] - fusion.image_mean) * fusion.image_slope
    known = np.isfinite(residual)
    inside, across = fusion.covariance[np.ix_(known, known)], fusion.covariance[np.ix_(~known, known)]
    mean = across @ np.linalg.inv(inside) @ residual[known]
    left = fusion.covariance[np.ix_(~known, ~known)] - across @ np.linalg.inv(inside) @ across.T
    drawn = np.tile(residual, (400_000, 1))
    drawn[:, ~known] = rng.multivariate_normal(mean, left, size=len(drawn))
    b = fusion.coefficients
    whole = image * np.sqrt(1 + np.pi / 8 * b @ fusion.covariance @ b) + drawn @ b
    whole += fusion.missing_coefficients @ (~known - fusion.missing_share)
    assert abs(expit(whole).mean() - expit(found.logit[0])) < 0.003


def test_order_and_units_change_nothing() -> None:
    fusion, rng = some_fusion(), np.random.default_rng(3)
    values = fusion.mean + fusion.sd * rng.normal(size=(20, 4))
    values[rng.uniform(size=values.shape) < 0.4] = np.nan
    image, order = rng.normal(size=20), np.array([2, 0, 3, 1])
    both = np.concatenate([order, 4 + order])
    turned = Fusion(
        names=tuple(fusion.names[n] for n in order),
        mean=1000 * fusion.mean[order] + 5,
        sd=1000 * fusion.sd[order],
        image_mean=fusion.image_mean,
        image_slope=fusion.image_slope[order],
        covariance=fusion.covariance[np.ix_(order, order)],
        coefficients=fusion.coefficients[order],
        missing_coefficients=fusion.missing_coefficients[order],
        missing_share=fusion.missing_share[order],
        uncertainty=fusion.uncertainty[np.ix_(both, both)],
        penalty=1.0,
    )
    one, other = fuse(fusion, image, values), fuse(turned, image, 1000 * values[:, order] + 5)
    for key in ("logit", "image", "image_rate", "sd"):
        np.testing.assert_allclose(getattr(one, key), getattr(other, key), rtol=1e-9)
    np.testing.assert_allclose(one.parts[:, order], other.parts, atol=1e-9)


def test_rate_and_standard_error_are_the_derivatives() -> None:
    fusion, step = some_fusion(), 1e-6
    values = fusion.mean + fusion.sd * np.array([[0.5, np.nan, -1.0, np.nan]])
    image = np.array([0.8])
    found = fuse(fusion, image, values)
    rate = (fuse(fusion, image + step, values).logit - found.logit) / step
    np.testing.assert_allclose(found.image_rate, rate, rtol=1e-4)
    gradient = []
    for key in ("coefficients", "missing_coefficients"):
        for n in range(4):
            moved = getattr(fusion, key).copy()
            moved[n] += step
            other = Fusion(**{**vars(fusion), key: moved})
            gradient.append(float((fuse(other, image, values).logit - found.logit)[0]) / step)
    expected = np.sqrt(np.array(gradient) @ fusion.uncertainty @ np.array(gradient))
    np.testing.assert_allclose(found.sd, expected, rtol=1e-4)


def test_the_age_at_the_scan_takes_no_part() -> None:
    assert "age_days" not in FUSED
    assert [name for name, variable in BY_NAME.items() if not variable.fused] == ["age_days"]
