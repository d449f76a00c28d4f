from finetune.models.run import Checkpoint, Evaluation, Mixture, TrainingRun

__all__ = ["Checkpoint", "Evaluation", "Mixture", "TrainingRun"]
