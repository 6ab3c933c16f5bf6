"""Text of others' making on a terminal, in a table and in a spreadsheet."""

import pytest

from d9d_lr.composing.error_screen import say
from d9d_lr.diagnostics.visible import no_formula, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü€ 学習率", "plain ü€ 学習率"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\r\t\0", "a\\nb\\r\\t\\x00"),
        ("\x9b\u2028\u202e", "\\x9b\\u2028\\u202e"),
        ("\udcff", "\\udcff"),
        ("wide\u3000space", "wide\u3000space"),
    ],
)
def test_what_does_not_print_is_written_out(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-x", "'-x"),
        ("-0.5", "-0.5"),
        ("+1e-3", "+1e-3"),
        ("-inf", "-inf"),
        ("wsd", "wsd"),
        ("", ""),
    ],
)
def test_a_spreadsheet_computes_nothing(text, cell):
    assert no_formula(text) == cell


def test_an_error_steers_no_terminal(capsys):
    assert say("first \x1b[31mred\nsecond", 2) == 2
    assert capsys.readouterr().err == "first \\x1b[31mred\nsecond\n"
