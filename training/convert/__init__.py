"""Rebuild models/detector and models/landmarks from MediaPipe's packages."""
