"""What a node shows, as plain data."""


class SavedResult(dict):
    def __init__(self, filename, subfolder, type):
        super().__init__(filename=filename, subfolder=subfolder, type=type.value)


class PreviewImage:
    def __init__(self, image, animated=False, cls=None, **kwargs):
        self.image = image


class PreviewVideo:
    def __init__(self, values, **kwargs):
        self.values = values
