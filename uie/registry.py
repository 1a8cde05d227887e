"""Names → modules or attributes that are imported when first asked for; plugins add names through entry points."""

import importlib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar, cast

from uie.errors import SettingsError, unknown_name

T = TypeVar("T")


class Registry(Generic[T]):
    """One table of names, filled by this package and by installed plugins.

    A target is `"module"` or `"module:attribute"`. Listing names imports nothing. Two plugins, or a plugin and this package,
    that claim one name are an error when the registry is first read: a name must not depend on the order of installation.
    """

    def __init__(self, kind: str, targets: Mapping[str, str], *, group: str) -> None:
        self.kind = kind
        self._own = dict(targets)
        self._group = group
        self._targets: dict[str, str] | None = None
        self._found: dict[str, T] = {}

    def names(self) -> list[str]:
        return sorted(self._all())

    def __contains__(self, name: str) -> bool:
        return name in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def get(self, name: str) -> T:
        """What is registered as `name`.

        Raises:
            SettingsError: nobody registered the name; the message lists its neighbours.
        """
        if name not in self._found:
            self._found[name] = self._loaded(name)
        return self._found[name]

    def _loaded(self, name: str) -> T:
        targets = self._all()
        if name not in targets:
            raise SettingsError(unknown_name(self.kind, name, targets))
        module, _, attribute = targets[name].partition(":")
        found: Any = importlib.import_module(module)
        for part in attribute.split(".") if attribute else ():
            found = getattr(found, part)
        return cast(T, found)

    def _all(self) -> dict[str, str]:
        if self._targets is None:
            targets = dict(self._own)
            for entry in entry_points(group=self._group):
                if entry.name in targets:
                    raise SettingsError(
                        f"{entry.value}: the {self.kind} {entry.name!r} is already {targets[entry.name]}; "
                        "rename the plugin's entry point or uninstall it."
                    )
                targets[entry.name] = entry.value
            self._targets = targets
        return self._targets
