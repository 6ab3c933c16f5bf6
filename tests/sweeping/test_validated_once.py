"""A point is composed and validated once before the sweep, and once by its job, which trusts nobody."""

import pytest

from d9d_lr.training import preview, resolve


@pytest.fixture
def validations(monkeypatch):
    """Counts the calls of `resolve_settings`, wherever it was imported."""
    import stub_app

    calls = []

    def counting(config):
        calls.append(config)
        return resolve.resolve_settings(config)

    for module in (preview, stub_app):
        monkeypatch.setattr(module, "resolve_settings", counting)
    return calls


def test_two_points_are_validated_twice_each(sweep, validations):
    assert sweep("train.seed=0,1").status == 0
    assert len(validations) == 4  # 8 when the guard and the stored fingerprint validated too


def test_a_job_that_leaves_no_result_is_not_validated_for_it(sweep, validations):
    assert sweep("task.text_file=raise,exit").status == 1
    assert len(validations) == 4


def test_points_that_ended_are_validated_once(sweep, validations):
    sweep("task.text_file=well,once_ctrl_c,null")
    validations.clear()
    assert sweep("task.text_file=well,once_ctrl_c,null").status == 0
    # 3 before the sweep; then the jobs of the one without a result, and of the one that never began.
    assert len(validations) == 5
