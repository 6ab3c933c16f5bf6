"""transformers and TRL: accumulation, several processes, checkpoints, `model_init`, a hyperparameter search."""

import pytest
import torch
from torch import nn

pytestmark = [pytest.mark.homes, pytest.mark.filterwarnings("ignore::FutureWarning")]
pytest.importorskip("transformers")

from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainerCallback, TrainingArguments  # noqa: E402

from d9d_lr import AutoLRSchedulerProvider, ConfigError, compose_lr  # noqa: E402
from d9d_lr.integrations.building import build_scheduler  # noqa: E402
from d9d_lr.integrations.transformers import ScheduleMixin, use_schedule  # noqa: E402

LR = 0.003


def config():
    return compose_lr(["lr=wsd", "lr/decay@lr.phases.2=cosine"])


class Line(PreTrainedModel):
    config_class = PretrainedConfig

    def __init__(self, config=None):
        super().__init__(config or PretrainedConfig())
        self.line = nn.Linear(1, 1)
        self.post_init()

    def get_input_embeddings(self):
        return None

    def forward(self, x, labels=None):
        out = self.line(x)
        return {"loss": (out - labels).square().mean(), "logits": out}


class Points(torch.utils.data.Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return {"x": torch.tensor([index / self.count]), "labels": torch.tensor([1.0])}


class Lrs(TrainerCallback):
    """The learning rate that each optimizer step is made with."""

    def __init__(self):
        self.seen = []

    def on_pre_optimizer_step(self, args, state, control, optimizer=None, **kwargs):
        self.seen.append(float(optimizer.param_groups[0]["lr"]))


class Stop(TrainerCallback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            control.should_save = control.should_training_stop = True


class Scheduled(ScheduleMixin, Trainer):
    schedule = AutoLRSchedulerProvider(config())


def arguments(folder, **others):
    defaults = {
        "per_device_train_batch_size": 1, "learning_rate": LR, "max_steps": 1000, "use_cpu": True, "report_to": [],
        "save_strategy": "no", "logging_strategy": "no", "disable_tqdm": True, "dataloader_pin_memory": False,
    }  # fmt: skip
    return TrainingArguments(output_dir=str(folder), **(defaults | others))


def trainer(folder, kind=Scheduled, callbacks=(), points=100, model=True, init=None, **others):
    lrs = Lrs()
    made = kind(
        model=Line() if model else None, model_init=init, args=arguments(folder, **others),
        train_dataset=Points(points), eval_dataset=Points(2), callbacks=[lrs, *callbacks],
    )  # fmt: skip
    return made, lrs.seen


@pytest.mark.parametrize("accumulation", [1, 4])
def test_one_process(accumulation, tmp_path, expected):
    made, lrs = trainer(tmp_path, gradient_accumulation_steps=accumulation)
    made.train()
    assert lrs == expected(LR)


def test_epochs(tmp_path, expected):
    made, lrs = trainer(tmp_path, max_steps=-1, num_train_epochs=5, gradient_accumulation_steps=4, points=200)
    made.train()
    # 200 points in batches of 1, 4 of them for a step: 50 steps an epoch, 250 in all.
    assert lrs == expected(LR, 250, 250)


def test_a_trainer_that_is_already_there(tmp_path, expected):
    made, lrs = trainer(tmp_path, kind=Trainer)
    use_schedule(made, config())
    made.train()
    assert lrs == expected(LR)
    lrs.clear()
    made.train()  # once more from the start, with a scheduler of its own
    assert lrs == expected(LR)


def trained(accumulation, folder):
    made, lrs = trainer(folder, gradient_accumulation_steps=accumulation)
    made.train()
    return lrs


@pytest.mark.parametrize("accumulation", [1, 4])
def test_two_processes(accumulation, launch, port, tmp_path, expected):
    for lrs in launch(trained, 2, accumulation, str(tmp_path), port):
        assert lrs == expected(LR)


def shard_on_cpus():
    """Makes accelerate shard between CPUs, as it does between GPUs: it would leave FSDP out without a word."""
    from accelerate import state

    plain = state.AcceleratorState.__init__

    def init(self, *arguments, fsdp_plugin=None, **others):
        plain(self, *arguments, fsdp_plugin=fsdp_plugin, **others)
        if fsdp_plugin is not None:
            self.distributed_type, self.fsdp_plugin = state.DistributedType.FSDP, fsdp_plugin

    state.AcceleratorState.__init__ = init


def in_one_of_two_killed_and_resumed(accumulation, folder, sharded=False):
    """Trains to step 850, and in a second trainer to the end."""
    others = {"gradient_accumulation_steps": accumulation}
    if sharded:
        shard_on_cpus()
        others |= {"fsdp": True, "fsdp_config": {"version": 2, "state_dict_type": "SHARDED_STATE_DICT"}}
    made, before = trainer(folder, callbacks=[Stop(850)], **others)
    made.train()
    made, after = trainer(folder, **others)
    made.train(resume_from_checkpoint=True)
    return before + after, type(made.model_wrapped).__name__


def test_two_processes_with_accumulation_killed_and_resumed(launch, port, tmp_path, expected):
    for lrs, wrapper in launch(in_one_of_two_killed_and_resumed, 2, 4, str(tmp_path), port):
        assert wrapper == "DistributedDataParallel"
        assert lrs == expected(LR)


def test_fsdp_killed_and_resumed(launch, port, tmp_path, expected):
    """Version 2, whose parameters take the optimizer's place; version 1 is on its way out, and knows no CPU."""
    for lrs, wrapper in launch(in_one_of_two_killed_and_resumed, 2, 4, str(tmp_path), True, port):
        assert wrapper == "FSDPLine"
        assert lrs == expected(LR)


def refused_with_fsdp(folder):
    """What transformers says of a scheduler that it is handed; `ScheduleMixin` hands it none."""
    shard_on_cpus()
    model = Line()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
    pair = (optimizer, build_scheduler(config(), optimizer, 1000))
    with pytest.raises(RuntimeError, match="Passing `optimizers` is not allowed if PyTorch FSDP is enabled"):
        Trainer(
            model=model,
            args=arguments(folder, fsdp=True, fsdp_config={"version": 2}),
            train_dataset=Points(100),
            optimizers=pair,
        )


def test_the_trap_of_handing_fsdp_a_scheduler(launch, port, tmp_path):
    assert launch(refused_with_fsdp, 2, str(tmp_path), port) == [None, None]


def test_killed_and_resumed(tmp_path, expected):
    made, before = trainer(tmp_path, callbacks=[Stop(850)])
    made.train()
    made, after = trainer(tmp_path)
    made.train(resume_from_checkpoint=True)
    assert before + after == expected(LR)


def test_resumed_for_more_epochs(tmp_path, expected):
    few = {"max_steps": -1, "num_train_epochs": 2, "save_strategy": "epoch"}
    made, _ = trainer(tmp_path, points=150, **few)
    made.train()
    more = few | {"num_train_epochs": 3}
    made, _ = trainer(tmp_path, points=150, **more)
    with pytest.raises(ConfigError, match=r'phase 1: .*(.|\n)*on_schedule_change="adopt" takes the new one'):
        made.train(resume_from_checkpoint=True)

    class Adopting(ScheduleMixin, Trainer):
        schedule = AutoLRSchedulerProvider(config(), on_schedule_change="adopt")

    made, lrs = trainer(tmp_path, kind=Adopting, points=150, **more)
    made.train(resume_from_checkpoint=True)
    assert lrs == expected(LR, 450, 450)[300:]


def test_taken_up_from_a_run_of_transformers_own_scheduler(tmp_path, expected):
    """Both hold at 1 by step 200."""
    own = {"lr_scheduler_type": "constant_with_warmup", "warmup_steps": 100}
    made, _ = trainer(tmp_path, kind=Trainer, callbacks=[Stop(200)], **own)
    made.train()
    made, lrs = trainer(tmp_path)
    made.train(resume_from_checkpoint=True)
    assert lrs == expected(LR)[200:]


def test_model_init_and_a_hyperparameter_search(tmp_path):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    made, lrs = trainer(tmp_path, model=False, init=lambda: Line(), max_steps=150)
    made.hyperparameter_search(
        hp_space=lambda trial: {"learning_rate": trial.suggest_categorical("learning_rate", [0.1, 0.2])},
        compute_objective=lambda metrics: 0.0,
        n_trials=3,
        backend="optuna",
    )
    assert len(lrs) == 450
    assert lrs[0] == lrs[150] == lrs[300] == 0.0
    assert {lrs[120], lrs[270], lrs[420]} <= {0.1, 0.2}  # the hold has the learning rate of each trial


def test_trl(tmp_path, expected):
    trl = pytest.importorskip("trl")
    tokenizers = pytest.importorskip("tokenizers")
    from datasets import Dataset
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"<pad>": 0, "<eos>": 1, "a": 2, "b": 3}, unk_token="a"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>")
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=4, max_position_embeddings=16, **sizes))

    class ScheduledSFT(ScheduleMixin, trl.SFTTrainer):
        schedule = config()

    lrs = Lrs()
    settings = arguments(tmp_path, max_steps=250).to_dict()
    keep = ("output_dir", "per_device_train_batch_size", "learning_rate", "max_steps", "use_cpu", "report_to",
            "save_strategy", "logging_strategy", "disable_tqdm", "dataloader_pin_memory")  # fmt: skip
    made = ScheduledSFT(
        model=model, processing_class=tokenizer, callbacks=[lrs],
        train_dataset=Dataset.from_dict({"text": ["a b"] * 20}),
        args=trl.SFTConfig(**{name: settings[name] for name in keep}, max_length=8, bf16=False),
    )  # fmt: skip
    made.train()
    assert lrs.seen == expected(LR, 250, 250)


def test_a_mixin_without_a_schedule_says_so(tmp_path):
    class Forgotten(ScheduleMixin, Trainer):
        pass

    made, _ = trainer(tmp_path, kind=Forgotten)
    with pytest.raises(ConfigError, match="schedule: is not set"):
        made.train()
