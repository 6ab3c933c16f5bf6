"""Fitting: a law that made the curves is found again, and says what it knows."""

import dataclasses
import json

import numpy as np
import pytest

from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.laws.best import FAMILIES, best_of, hold_and_decay
from d9d_lr.laws.fit import fingerprint, fit, with_left_out
from d9d_lr.laws.law import LEAST_ERROR, WIDTH, Prediction
from d9d_lr.laws.law_file import KIND, read_law, write_law
from d9d_lr.laws.ranking import MOST_DISAGREEMENT, rank
from d9d_lr.laws.requirements import check_runs
from helpers.loss_curves import PEAK, TRUE, made, shapes


@pytest.fixture(scope="module")
def law():
    return fit([made("wsd", validation=0.1), made("cosine", validation=0.1)])


def test_the_ends_of_other_schedules_are_found(law):
    for name, shape in shapes().items():
        assert law.predict(PEAK * shape).loss == pytest.approx(made(name).losses[-1] + 0.1, rel=0.004), name
    assert law.validation_offset == pytest.approx(0.1, abs=0.002)


def test_noise_that_is_shared_hardly_matters():
    # 5 % of noise in every step; the gaps are found to a tenth of it nevertheless.
    law = fit([made("wsd", noise=0.05), made("cosine", noise=0.05)])
    gap = np.log(law.predict(PEAK * shapes()["linear"]).loss / law.predict(PEAK * shapes()["wsd"]).loss)
    assert gap == pytest.approx(np.log(made("linear").losses[-1] / made("wsd").losses[-1]), abs=0.005)


def test_the_interval_by_hand(law):
    quiet = dataclasses.replace(law, narrow=TRUE, wide=TRUE, validation_offset=None, noise=0.0)
    runs = [dataclasses.replace(run, end_error=sign * 0.004) for sign, run in zip((1, -1), law.runs, strict=True)]
    spread = dataclasses.replace(quiet, runs=tuple(runs))
    found = spread.predict(PEAK * shapes()["wsd"])
    # No disagreement and no noise; the ends scatter by .004, twice that is .008: sqrt(.008^2 + .003^2) = .008544.
    assert found.disagreement == 0.0
    assert found.half_width / found.loss == pytest.approx(WIDTH * np.hypot(0.008, LEAST_ERROR))
    # Twice as long: a percent more.
    longer = spread.predict(PEAK * shapes(total=2000, warmup=50)["wsd"])
    assert longer.half_width / longer.loss == pytest.approx(WIDTH * (np.hypot(0.008, LEAST_ERROR) + 0.01))
    # The peak too high: another.
    high = dataclasses.replace(spread, best_peak=0.5).predict(PEAK * shapes()["wsd"])
    assert high.half_width / high.loss == pytest.approx(WIDTH * (np.hypot(0.008, LEAST_ERROR) + 0.01))


def test_a_gap_is_known_better_than_both_ends(law):
    one, other = Prediction(2.0, 0.1, 0.02), Prediction(2.1, 0.1, 0.021)
    runs = tuple(dataclasses.replace(run, end_error=0.0) for run in law.runs)
    calm = dataclasses.replace(law, runs=runs, noise=0.0)
    # What the fits disagree about both alike does not count: sqrt(.001^2 + .003^2).
    assert calm.gap_error(one, other) == pytest.approx(np.hypot(0.001, LEAST_ERROR))
    # Noise of .002 counts twice: sqrt(.004^2 + .001^2 + .003^2).
    noisy = dataclasses.replace(calm, noise=0.002)
    assert noisy.gap_error(one, other) == pytest.approx(np.sqrt(0.004**2 + 0.001**2 + LEAST_ERROR**2))


def test_the_longest_run_without_validation_is_told_by_training_loss():
    law = fit([made("wsd", validation=0.1), made("cosine")])
    assert law.validation_offset is None
    assert law.predict(PEAK * shapes()["linear"]).loss == pytest.approx(made("linear").losses[-1], rel=0.004)


@pytest.mark.parametrize(("cost", "too_high"), [(0.02, False), (0.12, False), (1.0, True)])
def test_a_peak_that_is_too_high_is_seen(cost, too_high):
    true = dataclasses.replace(TRUE, cost=cost, amplitude=0.2)
    assert fit([made("wsd", law=true), made("cosine", law=true)]).peak_too_high == too_high


def test_leaving_one_out():
    curves = [made(name) for name in ("wsd", "cosine", "linear", "constant")]
    law = with_left_out(fit(curves), curves)
    assert [one.name for one in law.left_out] == ["wsd", "cosine", "linear", "constant"]
    assert max(abs(one.error) for one in law.left_out) < 0.01
    assert with_left_out(law, curves[:2]) is law
    # Without the only run that decays nothing can be fitted.
    assert [one.name for one in with_left_out(fit(curves[:1] + curves[3:] + curves[1:2]), [
        curves[0], curves[3], curves[1]]).left_out] == ["wsd", "constant"]  # fmt: skip


def test_ranking(law):
    names = list(shapes())
    ranking = rank(law, [PEAK * shape for shape in shapes().values()])
    assert ranking.trusted
    assert ranking.disagreement < MOST_DISAGREEMENT
    order = [names[row.index] for row in ranking.rows]
    assert set(order[:2]) == {"wsd", "late"}
    assert order[-1] == min(names, key=lambda name: -made(name).losses[-1])
    assert ranking.rows[0].gap >= 0.0
    assert min(row.gap for row in ranking.rows) == 0.0


def test_wsd_20_goes_first_where_it_may_be_the_best(law):
    # By the law a decay from 85 % on is a little better, and by less than is known.
    better = hold_and_decay(1000, 50, 0.85, 1.0)
    ranking = rank(law, [PEAK * better, PEAK * shapes()["wsd"], PEAK * shapes()["cosine"]])
    assert ranking.rows[0].index == 1
    assert abs(ranking.rows[0].prediction.loss / ranking.rows[1].prediction.loss - 1.0) < 0.003


def test_the_bound_orders_what_is_close_where_the_peak_is_too_high(law):
    schedules = [PEAK * shapes()[name] for name in ("wsd", "late", "linear", "constant")]
    high = rank(dataclasses.replace(law, best_peak=0.5), schedules)
    close = [row for row in high.rows if row.gap <= 0.02]
    assert len(close) > 1
    assert [row.bound for row in close] == sorted(row.bound for row in close)
    assert [row.gap for row in high.rows[len(close) :]] == sorted(row.gap for row in high.rows[len(close) :])


def test_the_best_of_a_family(law):
    best = best_of(law, "linear", 1000)
    tried = [law.predict(PEAK * hold_and_decay(1000, 50, hold / 100, 1.0)).loss for hold in range(5, 96)]
    assert best.prediction.loss == pytest.approx(min(tried), rel=1e-6)
    assert best_of(law, "wsd", 1000).prediction.loss <= min(
        best_of(law, name, 1000).prediction.loss for name in FAMILIES
    )
    assert best.gain == pytest.approx(1.0 - best.prediction.loss / best.rule.loss)


def test_hold_and_decay_by_hand():
    # Warmup 0, .5; held from step 2 to 6; then 1 - (t - 6) / 4 to the power 2.
    assert hold_and_decay(10, 2, 0.6, 2.0).tolist() == [0, 0.5, 1, 1, 1, 1, 1, 0.9375, 0.75, 0.4375]


def test_a_law_is_what_it_was_after_it_was_written(law, tmp_path):
    write_law(tmp_path / "law.json", law)
    assert read_law(tmp_path / "law.json") == law


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is no JSON"),
        ("[1]", "this is no law file: it has no 'kind'"),
        ('{"total_steps": 3}', "this is no law file: it has no 'kind'"),
        ('{"kind": "chinchilla", "version": 1}', "a law of another kind: 'chinchilla', version 1"),
        (f'{{"kind": "{KIND}", "version": 2}}', "version 2; known is"),
        (f'{{"kind": "{KIND}", "version": 1}}', "this law file is damaged: law: Field required"),
    ],
)
def test_files_that_hold_no_law(tmp_path, text, message):
    (tmp_path / "law.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_law(tmp_path / "law.json")


def test_a_law_with_a_number_that_is_none_is_damaged(law, tmp_path):
    write_law(tmp_path / "law.json", law)
    data = json.loads((tmp_path / "law.json").read_text())
    data["law"]["narrow"]["floor"] = "much"
    (tmp_path / "law.json").write_text(json.dumps(data))
    with pytest.raises(ConfigError, match=r"damaged: law\.narrow\.floor"):
        read_law(tmp_path / "law.json")
    with pytest.raises(ConfigError, match="there is no such file"):
        read_law(tmp_path / "other.json")


def test_a_fingerprint_is_that_of_the_numbers():
    assert fingerprint(made("wsd")) == fingerprint(dataclasses.replace(made("wsd"), name="other"))
    assert fingerprint(made("wsd")) != fingerprint(made("wsd", noise=0.01))


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([made("wsd")], "one run alone ranks no better than chance"),
        ([made("wsd"), made("constant")], "no run decays from early on"),
        ([made("cosine"), made("linear")], "no run holds its peak"),
        ([made("twostage", seed=0), made("twostage", seed=1)], "all 2 runs follow the same schedule"),
        ([made("wsd"), made("cosine", peak=0.02)], r"different peak learning rates \(wsd: 0.01, cosine: 0.02\)"),
        ([made("wsd", noise=0.8), made("cosine", noise=0.8, seed=1)], "the losses are too noisy"),
    ],
)
def test_runs_that_do_not_suffice(runs, message):
    with pytest.raises(ConfigError, match=message):
        check_runs(runs)


def test_a_run_with_few_losses_does_not_suffice():
    few = made("wsd")
    few = dataclasses.replace(few, steps=few.steps[::50], losses=few.losses[::50])
    # 1000 / 50 = 20 losses, of which those from step 250 on are 15.
    with pytest.raises(ConfigError, match="15 logged losses after step 250"):
        check_runs([few, made("cosine")])


def test_runs_that_suffice():
    check_runs([made("wsd"), made("cosine")])
    check_runs([made("twostage"), made("constant")])
    check_runs([made("wsd", noise=0.3), made("cosine", noise=0.3)])
