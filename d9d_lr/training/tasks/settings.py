"""The settings of the packaged tasks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from d9d_lr.config.base import Base, Fraction, Positive
from d9d_lr.schedule.fields import NUMBER


class CharLMConfig(Base):
    """A small decoder-only transformer on English text, characters as tokens.

    Attributes:
        text_file: A UTF-8 text file; None takes the text of Python's own `pydoc_data.topics`.
        context_length: Characters that the model sees, in tokens.
        layers: Transformer blocks.
        heads: Attention heads; they divide `width`.
        width: Width of the residual stream.
        dropout: Dropout probability.
        validation_fraction: Part of the text, from its end, that is kept for validation.
        eval_batches: Batches of validation text that one evaluation reads.
    """

    name: Literal["charlm"]
    text_file: str | None
    context_length: Positive
    layers: Positive
    heads: Positive
    width: Positive
    dropout: Fraction
    validation_fraction: Annotated[float, Field(gt=0.0, lt=1.0), NUMBER]
    eval_batches: Positive

    @field_validator("width")
    @classmethod
    def _divides_among_heads(cls, width: int, info: ValidationInfo) -> int:
        if width % info.data.get("heads", 1):
            raise ValueError(f"{width} cannot be divided among task.heads, {info.data['heads']}")
        return width

    def training_characters(self, characters: int) -> int:
        """Returns how many characters of a text are trained on."""
        return characters - round(characters * self.validation_fraction)


class DigitsConfig(Base):
    """scikit-learn's 8x8 images of handwritten digits.

    Attributes:
        model: "mlp" or "cnn".
        width: Hidden units of the MLP, or channels of the CNN.
        dropout: Dropout probability.
        validation_fraction: Part of the 1 797 images, from the end, that is kept for validation.
    """

    name: Literal["digits"]
    model: Literal["mlp", "cnn"]
    width: Positive
    dropout: Fraction
    validation_fraction: Annotated[float, Field(gt=0.0, lt=1.0), NUMBER]

    def training_images(self, images: int = 1797) -> int:
        """Returns how many of the images are trained on."""
        return images - max(1, round(images * self.validation_fraction))


TaskConfig = Annotated[CharLMConfig | DigitsConfig, Field(discriminator="name")]
