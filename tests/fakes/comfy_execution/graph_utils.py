"""What stops the nodes behind an output."""


class ExecutionBlocker:
    def __init__(self, message):
        self.message = message
