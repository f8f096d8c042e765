"""Stand-in for comfy.utils."""

bars = []


class ProgressBar:
    def __init__(self, total, node_id=None):
        self.steps = []
        bars.append(self)

    def update_absolute(self, value, total=None, preview=None):
        self.steps.append((value, total))
