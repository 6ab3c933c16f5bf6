"""Doing what a hint says: from what was typed, and what the program said of it, to what is typed instead."""

import difflib
import re
import shlex


def problems_in(said):
    """The (key, hint) of each problem that was told; the hint is empty where there is none."""
    found = []
    for line in said.splitlines():
        if line.startswith("    ") and found:
            found[-1] = (found[-1][0], line.strip())
        elif line.startswith("  "):
            found.append((line.strip().partition(": ")[0], ""))
    return found


def followed(line, said, prose=()):
    """Returns what is typed after every hint was followed; None where some problem has none that can be.

    Args:
        line: What was typed.
        said: What the program said of it.
        prose: What to do with hints that name no override: a part of the hint, and the words that follow it.
    """
    words = shlex.split(line)
    for key, hint in problems_in(said):
        words = _after(words, key, hint, dict(prose))
        if words is None:
            return None
    return words


def _after(words, key, hint, prose):
    if typed := re.search(r"\btype (.+)$", hint):
        instead = shlex.split(typed[1].replace("epoch=NUMBER", "epoch=200").replace("=NUMBER", "=2000"))
        keys = {_key(word) for word in instead}
        if all(word.endswith("=null") for word in instead):  # what is only unset is typed beside the rest
            return [word for word in words if _key(word) not in keys] + instead
        return [word for word in words if _key(word) not in keys and not _at_fault(word, key)] + instead
    if near := re.search(r"did you mean '?([^'?]+)'?\?$", hint):
        wrong = max((word for word in words if _at_fault(word, key)), key=lambda word: _likeness(word, near[1]))
        return [_with_near(word, near[1]) if word == wrong else word for word in words]
    for part, more in prose.items():
        if part in hint:
            return [word for word in words if not _at_fault(word, key) or more == ["--multirun"]] + more
    return None


def _at_fault(word, key):
    mine = _key(word).replace("/", ".") if "." in key else _key(word)
    phase = re.match(r"[\w.]*phases\.\d+(?=\.|$)", key)
    beside = bool(phase) and mine.startswith(phase[0]) and "@" not in mine
    above = f"{key}.".startswith(f"{mine}.") and "." in mine
    return key in (word, _key(word), mine) or mine.startswith((f"{key}@", f"{key}.")) or above or beside


def _with_near(word, near):
    """Puts a name in the place of the part of an override that is most like it."""
    if re.fullmatch(r"[\d.]+", near):
        return f"{word.partition('=')[0]}={near}"
    return word.replace(max(_parts(word), key=lambda part: _alike(part, near)), near, 1)


def _likeness(word, near):
    return max(_alike(part, near) for part in _parts(word))


def _parts(word):
    return [part.lstrip("+~") for part in re.split(r"[.@=,]", word) if part]


def _alike(part, near):
    return difflib.SequenceMatcher(None, part, near).ratio()


def _key(word):
    return word.partition("=")[0].lstrip("+~")
