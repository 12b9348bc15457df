"""Say how a number of a sheet is shown: as a day, as a time, or as digits.

A workbook keeps a day as the number of days since 1900 or 1904. Only the format of its cell says
that the number is a day.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

# The codes of formats that every workbook has, by their number (ECMA-376 part 1, 18.8.30)
DAY, TIME, BOTH = "yyyy-mm-dd", "hh:mm:ss", "yyyy-mm-dd hh:mm:ss"
BUILT_IN = {
    **{str(number): DAY for number in (*range(14, 18), *range(27, 37), *range(50, 59))},
    **{str(number): TIME for number in (*range(18, 22), *range(45, 48))},
    "22": BOTH,
}
NO_CODE = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]')  # quoted texts, blanks, colours and languages
LETTERS_OF_DAYS = re.compile(r"[ymdhs]", re.I)
MIN_DAY = 61  # of the calendar from 1900, which has a 29 February 1900 as day 60
MAX_DAY = 2_958_465  # 31 December 9999
MAX_DIGITS = 15  # that a spreadsheet keeps of a number


def show_number(text: str, code: str, is_from_1904: bool) -> str:
    """Return a number as its cell shows it. Days are ISO 8601; other formats are left out.

    Raises ValueError for a number with more digits than a spreadsheet keeps.
    """
    value = float(text)
    is_day = LETTERS_OF_DAYS.search(NO_CODE.sub("", code.partition(";")[0]))
    if is_day and (day := _to_day(value, is_from_1904)):
        return day
    if abs(value) >= 10**MAX_DIGITS:
        raise ValueError(f"a number of more than {MAX_DIGITS} digits, which are not all kept")
    digits = f"{value:.{MAX_DIGITS}g}"
    return digits.zfill(len(code)) if code.strip("0") == "" else digits


def _to_day(value: float, is_from_1904: bool) -> str:
    """Return a day, with its time where it has one; empty for a number that is no day."""
    first, least = (datetime(1904, 1, 1), 1) if is_from_1904 else (datetime(1899, 12, 30), MIN_DAY)
    if not least <= value < MAX_DAY:
        return ""
    moment = first + timedelta(seconds=round(value * 86_400))
    return moment.date().isoformat() if value == int(value) else moment.isoformat()
