"""Catalogues of images with published latencies: which image, which board, which figure."""
