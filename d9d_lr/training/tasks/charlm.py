"""The default task: a small decoder-only transformer that predicts the next character of English text."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.training.tasks.protocol import Batch
from d9d_lr.training.tasks.settings import CharLMConfig
from d9d_lr.training.tasks.text import read_text

EVAL_BATCH_SIZE = 32
"""Windows that one evaluation batch holds."""


class CharLM:
    """Characters as tokens, split into training and validation text by position."""

    def __init__(self, config: CharLMConfig) -> None:
        self._config = config
        if config.width % config.heads:
            raise ConfigError([Problem("task.heads", f"{config.heads} does not divide task.width, {config.width}")])
        text = read_text(config.text_file)
        self._vocabulary = sorted(set(text))
        index = {character: token for token, character in enumerate(self._vocabulary)}
        tokens = torch.tensor([index[character] for character in text], dtype=torch.long)
        split = config.training_characters(len(tokens))
        self._train, self._validation = tokens[:split], tokens[split:]
        shortest = min(len(self._train), len(self._validation))
        if shortest <= config.context_length:
            message = f"{config.context_length} is too long for the text: its shorter part has {shortest} characters"
            raise ConfigError([Problem("task.context_length", message)])

    def build_model(self) -> nn.Module:
        """Returns a new transformer."""
        return Transformer(len(self._vocabulary), self._config)

    def train_batch(self, size: int, generator: torch.Generator) -> Batch:
        """Returns inputs and next characters, each of shape (size, context_length)."""
        last_start = len(self._train) - self._config.context_length
        starts = torch.randint(last_start, (size,), generator=generator)
        return self._windows(self._train, starts)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Returns the mean cross-entropy per character, in nats."""
        inputs, targets = batch
        logits: Tensor = model(inputs)
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())

    def evaluate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Returns the mean loss over windows spread evenly over the validation text."""
        count = self._config.eval_batches * EVAL_BATCH_SIZE
        last_start = len(self._validation) - self._config.context_length - 1
        starts = torch.linspace(0, last_start, count, dtype=torch.float64).long()
        losses = []
        for part in starts.view(-1, EVAL_BATCH_SIZE):
            inputs, targets = self._windows(self._validation, part)
            losses.append(self.loss(model, (inputs.to(device), targets.to(device))).item())
        return {"loss": sum(losses) / len(losses)}

    def _windows(self, tokens: Tensor, starts: Tensor) -> Batch:
        positions = starts[:, None] + torch.arange(self._config.context_length + 1)
        windows = tokens[positions]
        return windows[:, :-1], windows[:, 1:]


class Transformer(nn.Module):
    """A decoder-only transformer with pre-norm blocks and learned positions (arXiv:1706.03762)."""

    def __init__(self, vocabulary_size: int, config: CharLMConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, config.width)
        self.positions = nn.Parameter(torch.zeros(config.context_length, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, vocabulary_size, bias=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """Maps tokens of shape (batch, length) to logits of shape (batch, length, vocabulary)."""
        hidden = self.tokens(tokens) + self.positions[: tokens.shape[1]]
        for block in self.blocks:
            hidden = block(hidden)
        logits: Tensor = self.head(self.norm(hidden))
        return logits


class Block(nn.Module):
    """Causal self-attention, then a feed-forward layer, each added to what came in."""

    def __init__(self, config: CharLMConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = nn.Dropout(config.dropout)
        self.attention_norm = nn.LayerNorm(config.width)
        self.queries_keys_values = nn.Linear(config.width, 3 * config.width)
        self.output = nn.Linear(config.width, config.width)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(config.width),
            nn.Linear(config.width, 4 * config.width),
            nn.GELU(),
            nn.Linear(4 * config.width, config.width),
        )

    def forward(self, hidden: Tensor) -> Tensor:
        """Keeps the shape (batch, length, width)."""
        hidden = hidden + self.dropout(self._attend(self.attention_norm(hidden)))
        changed: Tensor = hidden + self.dropout(self.feed_forward(hidden))
        return changed

    def _attend(self, hidden: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        heads = self.queries_keys_values(hidden).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        queries, keys, values = heads.unbind(0)
        mixed = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        output: Tensor = self.output(mixed.transpose(1, 2).reshape(batch, length, width))
        return output
