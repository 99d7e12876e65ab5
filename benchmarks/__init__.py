"""The project beside its peers: same work, one process, interleaved, raw results kept."""
