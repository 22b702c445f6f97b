"""Why the local cloud cannot go on; each text says what, where, and what to do, and is all that a person sees."""


class LocalCloudError(Exception):
    """The local cloud cannot start or go on."""


class MissingProgramError(LocalCloudError):
    """Something that must be installed is not."""


class WeightsError(LocalCloudError):
    """The folder of weights holds no model."""


class ChildDiedError(LocalCloudError):
    """A child ended that nobody had asked to."""


class NotReadyError(LocalCloudError):
    """Something did not answer in time."""


class HandshakeError(LocalCloudError):
    """An event subscriber did not prove that it wants events."""


class RootInUseError(LocalCloudError):
    """Another local cloud uses the folder."""


class NotRunningError(LocalCloudError):
    """No local cloud runs in the folder."""
