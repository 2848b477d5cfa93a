"""Measure face detection against YuNet, which the project does not ship."""
