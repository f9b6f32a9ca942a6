"""The bounds of forms and uploads, all in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from scaffold.exceptions import SettingsError, did_you_mean

__all__ = ["FormLimits"]


@dataclass(frozen=True, slots=True)
class FormLimits:
    """What one form may cost; each name ends in its unit, or counts what it names.

    There may be ``fields`` texts, each of ``field_bytes``, and ``files``, each of ``file_bytes`` (0 for as much as the
    body may hold). ``text_bytes`` bounds what is kept in memory for all parts together: texts, names and headers.
    ``memory_bytes`` is how much of the files is kept in memory before they move to a temporary file. A part of
    multipart/form-data may have ``headers``, each of ``header_bytes``.
    """

    fields: int = 1000
    field_bytes: int = 1024 * 1024
    files: int = 100
    file_bytes: int = 0
    text_bytes: int = 2560 * 1024
    memory_bytes: int = 512 * 1024
    headers: int = 8
    header_bytes: int = 8192

    @classmethod
    def from_settings(cls, values: Mapping[str, int], *, source: str = "") -> Self:
        """Return the limits with some ``values`` of a project's own, by name.

        ``source`` is where they stand. Raises `SettingsError` for a name that is none, and for a value that is no
        whole number from 0 on.
        """
        known = [item.name for item in fields(cls)]
        for name, value in values.items():
            if name not in known:
                hint = did_you_mean(str(name), known) or f"Those that may be set are {', '.join(known)}."
                raise SettingsError(f"FORM_LIMITS has no limit {name!r}", source=source, hint=hint)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                hint = "It must be a whole number, 0 or more."
                raise SettingsError(f"FORM_LIMITS has {name} = {value!r}", source=source, hint=hint)
        return cls(**values)
