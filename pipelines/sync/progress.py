"""Show what a sync is doing: a bar that clears itself, or one line where there are no bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

BAR_FORMAT = "{desc}: {bar:20} {n_fmt}/{total_fmt} [{elapsed}]"


@contextmanager
def show_steps(
    what: str, report: Callable[[str], None], has_bars: bool
) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a function that takes how many steps are begun, and of how many; None without bars."""
    if not has_bars:
        report(what)
        yield None
        return
    from tqdm import tqdm

    with tqdm(desc=what, bar_format=BAR_FORMAT, leave=False) as bar:

        def move(step: int, steps: int) -> None:
            bar.total = steps
            bar.update(step - bar.n)

        yield move
