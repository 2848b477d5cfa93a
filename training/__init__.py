"""PyTorch side of AHA: prepare data, train, export, golden vectors."""
