"""The command line itself: help, mistakes in typing, and the completion of shells."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.support.product import Rollcall

# The shells' own way to check a script without running it
SYNTAX_CHECKS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


@pytest.fixture
def bare(tmp_path, capsys, monkeypatch) -> Rollcall:
    """Return Rollcall without any source, for commands that need none."""
    return Rollcall(None, tmp_path / "access.duckdb", tmp_path, {}, capsys, monkeypatch)


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=str)
def test_help_is_printed_also_without_a_verb(bare, arguments):
    """`rollcall` alone prints the help, whose verbs begin as a newcomer begins."""
    result = bare.run(*arguments)

    assert (0, "") == (result.code, result.err)
    assert "75 another run" in result.out
    places = [result.out.index(f"\n    {verb} ") for verb in ("check", "sync", "report", "plan")]
    assert sorted(places) == places


STEPS = {
    "review": ("open", "import", "close"),
    "push": ("test", "run"),
    "expiry": ("approve", "run"),
    "audit": ("verify",),
}


@pytest.mark.parametrize("verb", STEPS)
def test_a_verb_alone_lists_its_steps(bare, verb):
    """A verb without its step prints its help, as `rollcall` alone does."""
    result = bare.run(verb)

    assert (0, "") == (result.code, result.err)
    assert all(step in result.out for step in (f"usage: rollcall {verb} ", *STEPS[verb]))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("exprot", "export"),
        ("synch", "sync"),
        ("transfrom --check", "transform"),
        ("review opne", "open"),
        ("sync --ful1", "--full"),
        ("sync --accpet=okta.grants:9->4", "--accept"),
        ("completion bsh", "bash"),
    ],
)
def test_a_near_miss_is_answered(bare, typed, meant):
    """A mistyped verb, step, flag or choice exits with 2, and the right word is named."""
    result = bare.run(*typed.split())

    assert (2, "") == (result.code, result.out)
    assert result.err.endswith(f"did you mean {meant}?\n")


@pytest.mark.parametrize(
    "typed", ["sync --ful", "sync --acc okta.grants:9->4", "review close q4 --un"]
)
def test_an_abbreviated_flag_is_refused(bare, typed):
    """A flag is a whole word: a later version may have another flag that begins alike."""
    result = bare.run(*typed.split())

    assert (2, True) == (result.code, "unrecognized arguments: --" in result.err)


@pytest.mark.parametrize("typed", ["review --json", "sync --nonsense", "certainly"])
def test_usage_without_a_near_word_leads_to_help(bare, typed):
    """Where no word is near, the message says whose --help to read."""
    result = bare.run(*typed.split())

    assert 2 == result.code
    assert "see `rollcall" in result.err and result.err.endswith("--help`\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_the_completion_script_is_valid(bare, shell):
    """Each shell that is here finds no mistake in its script, which names every verb."""
    result = bare.run("completion", shell)

    assert 0 == result.code
    assert all(verb in result.out for verb in ("sync", "review", "completion"))
    if shutil.which(shell) and shell in SYNTAX_CHECKS:
        subprocess.run(SYNTAX_CHECKS[shell], input=result.out, text=True, check=True)


def test_bash_completes_verbs_steps_and_flags(bare):
    """The script makes a real bash offer verbs, the steps of a verb, and flags."""
    script = bare.home / "rollcall.bash"
    script.write_text(bare.run("completion", "bash").out)

    def complete(*words: str) -> set[str]:
        typed, last, before = " ".join(words), words[-1], words[-2]
        asked = (
            f"source {script}; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1};"
            f' _shtab_rollcall rollcall "{last}" "{before}"; echo "${{COMPREPLY[@]}}"'
        )
        return {*subprocess.check_output(["bash", "-c", asked], text=True).split()}

    assert {"report", "review"} == complete("rollcall", "re")
    assert {"open"} == complete("rollcall", "review", "op")
    assert "--full" in complete("rollcall", "sync", "--f")
