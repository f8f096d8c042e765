"""What a node shows, as plain data."""


class SavedResult(dict):
    def __init__(self, filename, subfolder, type):
        super().__init__(filename=filename, subfolder=subfolder, type=type.value)


class PreviewImage:
    def __init__(self, image, animated=False, cls=None, **kwargs):
        self.image = image

    def as_dict(self):
        return {"images": [{"filename": "shown.png", "subfolder": "", "type": "temp"}], "animated": (False,)}


class PreviewVideo:
    def __init__(self, values, **kwargs):
        self.values = values

    def as_dict(self):
        return {"images": self.values, "animated": (True,)}
