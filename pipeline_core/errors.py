"""The one error tree. Every message says what happened; every hint says what to do next."""

from __future__ import annotations


class AvatarError(Exception):
    """Root of all errors that a user can meet.

    Parameters
    ----------
    message : str
        What happened, with the value that caused it.
    hint : str
        What to do next, as an imperative sentence.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} | hint: {self.hint}"


class InputError(AvatarError):
    """The user's media or text cannot be used."""


class UnreadableMedia(InputError):
    """A file is missing, broken or of an unknown format."""


class NoFaceFound(InputError):
    """No face was found where one is needed."""


class AudioTooShort(InputError):
    """The sound holds too little to work with."""


class SettingError(AvatarError):
    """A setting is outside its range or not one of the choices."""


class BackendError(AvatarError):
    """A back end cannot do what was asked."""


class UnknownBackend(BackendError):
    """No back end is registered under that id."""


class MissingDependency(BackendError):
    """An optional package is not installed."""


class MissingWeights(BackendError):
    """A model file is not on this machine."""


class OutputError(AvatarError):
    """The result cannot be written."""


class Cancelled(AvatarError):
    """The user asked to stop."""

    def __init__(self) -> None:
        super().__init__("stopped on request", hint="Queue the work again to restart it.")


class ContractError(AvatarError):
    """Our own bug: data of the wrong shape, rate or kind reached a function."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="This is a bug in Talking Avatar: please report it.")
