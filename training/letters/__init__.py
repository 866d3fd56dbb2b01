"""The letter model: data, synthetic movement, network, training, evaluation, int8 bundle."""
