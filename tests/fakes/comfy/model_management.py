"""Stand-in for comfy.model_management."""

interrupted = False


class InterruptProcessingException(Exception):
    pass


def get_torch_device():
    return "cpu"


def throw_exception_if_processing_interrupted():
    global interrupted
    if interrupted:
        interrupted = False
        raise InterruptProcessingException()
