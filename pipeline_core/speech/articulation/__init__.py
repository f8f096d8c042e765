"""The articulation model: sound -> phone probabilities and mouth curves, a hundred times a second."""
