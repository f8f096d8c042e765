"""Stand-in for comfy.model_patcher."""


class ModelPatcher:
    def __init__(self, model, load_device, offload_device, size=0, weight_inplace_update=False):
        self.model = model
        self.load_device = load_device
        self.offload_device = offload_device

    def model_size(self):
        return sum(t.nelement() * t.element_size() for t in (*self.model.parameters(), *self.model.buffers()))
