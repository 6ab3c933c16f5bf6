"""Compares presets with the frameworks themselves, run step by step: `make parity-field`.

The suite compares presets with formulas typed from the frameworks' sources; this shows that the formulas are theirs. A
framework that cannot be imported here is named and left out; one difference makes the exit status 1.
"""

import importlib
import sys
import types
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from canon.cases import Case
from canon.compare import schedule_of

RUNS = ((1000, 100), (1001, 13), (50, 1))


def optimizer(lr=1.0):
    """An optimizer with nothing to train."""
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)


def rates(scheduler, stepped, total):
    """The learning rate of each step of a torch scheduler that is run."""
    found = []
    for _ in range(total):
        found.append(stepped.param_groups[0]["lr"])
        stepped.step()
        scheduler.step()
    return found


def bare(package):
    """Imports a package's folder without running its __init__, which may want more than its schedules do."""
    if package in sys.modules:
        return
    *above, _ = package.rpartition(".")
    if above[0]:
        bare(above[0])
    spec = find_spec(package)
    stub = types.ModuleType(package)
    stub.__path__ = list(spec.submodule_search_locations)
    stub.__spec__ = spec
    sys.modules[package] = stub


def of_transformers():
    """Every schedule of transformers that has a preset."""
    from transformers import optimization as theirs

    def run(factory, total, **arguments):
        stepped = optimizer(arguments.pop("lr", 1.0))
        base = stepped.param_groups[0]["lr"]
        return [lr / base for lr in rates(factory(stepped, **arguments), stepped, total)]

    for total, warmup in RUNS:
        both = {"num_warmup_steps": warmup, "num_training_steps": total}
        typed = f"lr.warmup_steps={warmup}"
        cycles = next(number for number in (7, 4, 3, 2, 1) if (total - warmup) % number == 0)
        found = run(theirs.get_cosine_with_hard_restarts_schedule_with_warmup, total, **both, num_cycles=cycles)
        yield "transformers_cosine_with_restarts", total, (typed, f"lr.num_cycles={cycles}"), found
        yield "transformers_constant", total, (), run(theirs.get_constant_schedule, total)
        found = run(theirs.get_constant_schedule_with_warmup, total, num_warmup_steps=warmup)
        yield "transformers_constant_with_warmup", total, (typed,), found
        yield "transformers_linear", total, (typed,), run(theirs.get_linear_schedule_with_warmup, total, **both)
        yield "transformers_cosine", total, (typed,), run(theirs.get_cosine_schedule_with_warmup, total, **both)
        found = run(theirs.get_inverse_sqrt_schedule, total, num_warmup_steps=warmup)
        yield "transformers_inverse_sqrt", total, (typed,), found
        found = run(theirs.get_cosine_with_min_lr_schedule_with_warmup, total, **both, min_lr_rate=0.1)
        yield "transformers_cosine_with_min_lr", total, (typed,), found
        found = run(theirs.get_cosine_with_min_lr_schedule_with_warmup_lr_rate, total, **both, min_lr_rate=0.1)
        yield "transformers_cosine_warmup_with_min_lr", total, (typed,), found
        found = run(theirs.get_polynomial_decay_schedule_with_warmup, total, **both, lr=1e-3, power=2.0)
        yield "transformers_polynomial", total, (typed, "lr.reference_lr=1e-3", "lr.power=2.0"), found
        for shape, ours in (("linear", "linear"), ("cosine", "cosine"), ("1-sqrt", "one_minus_sqrt")):
            found = run(theirs.get_wsd_schedule, total, **both, num_decay_steps=20, decay_type=shape, min_lr_ratio=0.1)
            words = (typed, "lr.decay_steps=20", f"lr.decay_curve={ours}", "lr.min_lr_ratio=0.1")
            yield "transformers_wsd", total, words, found


def of_timm():
    """timm's schedulers with warmup_prefix, update by update."""
    bare("timm")
    theirs = importlib.import_module("timm.scheduler")

    def stairs(total, warmup, **arguments):
        return updated(theirs.StepLRScheduler, total, warmup_t=warmup, **arguments)

    def run(kind, total, warmup, **arguments):
        return updated(kind, total, t_initial=total - warmup, warmup_t=warmup, **arguments)

    def updated(kind, total, **arguments):
        stepped = optimizer()
        scheduler = kind(stepped, warmup_lr_init=0.01, t_in_epochs=False, **arguments)
        found = []
        for step in range(total):
            scheduler.step_update(step)
            found.append(stepped.param_groups[0]["lr"])
        return found

    for total, warmup in RUNS:
        typed = f"lr.warmup_steps={warmup}"
        found = run(theirs.CosineLRScheduler, total, warmup, warmup_prefix=True)
        yield "timm_cosine", total, (typed,), found
        found = run(theirs.CosineLRScheduler, total, warmup, warmup_prefix=True, k_decay=2.0)
        yield "timm_cosine", total, (typed, "lr.k_decay=2.0"), found
        found = updated(theirs.CosineLRScheduler, total, t_initial=total, warmup_t=warmup)
        yield "timm_cosine_without_prefix", total, (typed,), found
        found = run(theirs.TanhLRScheduler, total, warmup, warmup_prefix=True)
        yield "timm_tanh", total, (typed,), found
        yield "timm_step", total, (typed, "lr.decay_t=30"), stairs(total, warmup, decay_t=30, decay_rate=0.1)
        yield "timm_poly", total, (typed,), run(theirs.PolyLRScheduler, total, warmup, warmup_prefix=True)
        wsd = importlib.import_module("timm.scheduler.wsd_lr").WSDLRScheduler
        yield "timm_wsd", total, (typed, "lr.decay_steps=20"), run(wsd, total, warmup, decay_t=20)


def of_torchtitan():
    """torchtitan's lr_scheduler with its three decays."""
    bare("torchtitan.components.optimizer")
    theirs = importlib.import_module("torchtitan.components.optimizer.lr_scheduler").LRSchedulersContainer
    for total, warmup in RUNS:
        for ratio, decay in ((None, None), (0.25, round(total * 0.25))):
            for shape, ours in (("linear", "linear"), ("sqrt", "one_minus_sqrt"), ("cosine", "cosine")):
                if ratio is None and shape != "linear":
                    continue
                stepped = optimizer()
                config = theirs.Config(warmup_steps=warmup, decay_ratio=ratio, decay_type=shape, min_lr_factor=0.1)
                found = rates(config.build(optimizers=[stepped], training_steps=total), stepped, total)
                words = (f"lr.warmup_steps={warmup}", "lr.min_lr_factor=0.1")
                if ratio is None:
                    yield "torchtitan", total, words, found
                else:
                    yield "torchtitan_wsd", total, (*words, f"lr.decay_steps={decay}", f"lr.decay_curve={ours}"), found


def of_optax():
    """optax's warmup and cosine, of which levanter's schedules are made; in double precision."""
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    for total, warmup in RUNS:
        parts = [
            optax.linear_schedule(0.0, 1.0, warmup),
            optax.cosine_decay_schedule(1.0, total - warmup, 0.1),
        ]
        joined = optax.join_schedules(parts, [warmup])
        found = np.asarray(jax.vmap(joined)(np.arange(total))).tolist()
        yield "levanter_cosine", total, (f"lr.warmup_steps={warmup}",), found


def of_ignite():
    """ignite's piecewise-linear and cosine handlers, against the presets of the same shape."""
    from ignite.handlers.param_scheduler import LinearCyclicalScheduler, create_lr_scheduler_with_warmup

    for total, warmup in RUNS:
        if warmup < 2:
            continue  # it refuses a warmup of one step
        linear = LinearCyclicalScheduler(optimizer(), "lr", 1.0, 0.0, cycle_size=2 * (total - warmup))
        values = [None] * total
        create_lr_scheduler_with_warmup(
            linear, warmup_start_value=0.0, warmup_duration=warmup + 1, output_simulated_values=values
        )
        yield "transformers_linear", total, (f"lr.warmup_steps={warmup}",), [value for _, value in values]


FIELDS = {
    "transformers": of_transformers,
    "timm": of_timm,
    "torchtitan": of_torchtitan,
    "optax": of_optax,
    "pytorch-ignite": of_ignite,
}


def compare(name, field):
    """Prints the greatest difference of each preset; returns whether all are within rounding."""
    worst = {}
    for preset, total, typed, theirs in field():
        ours = schedule_of(f"systems/{preset}", Case(total, lambda step: 0.0, typed)).multipliers(range(total))
        difference = float(np.max(np.abs(ours - np.array(theirs))))
        worst[preset] = max(difference, worst.get(preset, 0.0))
    for preset, difference in worst.items():
        print(f"{name} {version(name)}: {preset}: {difference:.1e}")
    return all(difference <= 1e-14 for difference in worst.values())


def main():
    """Compares with every framework that is there."""
    same = True
    for name, field in FIELDS.items():
        try:
            same &= compare(name, field)
        except (ImportError, RuntimeError) as error:
            print(f"{name}: left out, it cannot be imported here: {error}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
