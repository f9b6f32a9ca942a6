"""What each shell is told: one suggestion a line, with a word about it behind a tab where the shell shows that."""

from __future__ import annotations

from scaffold.cli.completing.suggestions import suggest

__all__ = ["reply", "split_line"]

_BLANKS = " \t\n"
_MEANS_SOMETHING_IN_DOUBLE_QUOTES = '"\\$`'


def reply(shell: str, typed: list[str]) -> str:
    """Return what the script of ``shell`` reads; nothing in a folder that is gone.

    bash gives the line up to the cursor, since it splits words at colons; the others give the words behind the
    program's name.
    """
    words = split_line(typed[0] if typed else "") if shell == "bash" else typed
    try:
        found = suggest(words)
    except OSError:
        return ""
    if shell == "bash":
        return "".join(f"{name}\n" for name in found)
    return "".join(f"{name}\t{text}\n" if text else f"{name}\n" for name, text in found.items())


def split_line(line: str) -> list[str]:
    """Return the words of a command line without variables and the program in front; the last may be empty.

    Quotes and backslashes are taken off as a POSIX shell does (XCU section 2.2); a quote may lack its end.
    """
    words, word, quote, is_word = [], "", "", False
    letters = iter(line)
    for letter in letters:
        if quote:
            if letter == quote:
                quote = ""
            elif letter == "\\" and quote == '"':
                following = next(letters, "")
                word += following if following in _MEANS_SOMETHING_IN_DOUBLE_QUOTES else letter + following
            else:
                word += letter
        elif letter in "'\"":
            quote, is_word = letter, True
        elif letter in _BLANKS:
            if is_word:
                words.append(word)
            word, is_word = "", False
        else:
            word, is_word = word + (next(letters, "") if letter == "\\" else letter), True
    words.append(word)
    variables = 0
    while variables < len(words) - 1 and words[variables].partition("=")[0].isidentifier() and "=" in words[variables]:
        variables += 1
    return words[variables + 1 :]
