"""The rulebook: one pytest module an area, one function a rule."""
