"""Importance by learned noise where a structure of the lifespan phantom stops ageing."""

from __future__ import annotations

import pytest
from ageing_structures import anatomies, importance, learned_by_ridge, world


@pytest.mark.slow
def test_a_structure_that_stops_ageing_loses_its_importance() -> None:
    """The hindbrain's, over that of a structure that never ages, for a reader that knows where it looks."""
    made = anatomies(6)
    excess = []
    for still in ((), ("hindbrain",)):
        cohort = world(made, 400, still)
        found = importance(learned_by_ridge(cohort), cohort, made, explained=2)
        assert found.r > 0.9
        excess.append(found.excess("hindbrain"))
    assert excess[0] > 0.4
    assert excess[1] < 0.5 * excess[0]
