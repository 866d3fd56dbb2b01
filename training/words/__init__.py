"""The word model: data, random variations, network, folds by signer, int8 bundle."""
