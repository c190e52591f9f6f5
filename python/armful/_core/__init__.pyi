from armful._core.arm_table import ArmTable
from armful._core.best import expected_loss, probability_best
from armful._core.draws import sample_beta, sample_means, select_top_k, select_top_k_many
from armful._core.learning import delay_weights, learn_delay, learn_prior, learn_prior_by_features
from armful._core.simulate import inclusion_probability, simulate

__all__ = [
    "ArmTable",
    "delay_weights",
    "expected_loss",
    "inclusion_probability",
    "learn_delay",
    "learn_prior",
    "learn_prior_by_features",
    "probability_best",
    "sample_beta",
    "sample_means",
    "select_top_k",
    "select_top_k_many",
    "simulate",
]
