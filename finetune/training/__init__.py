"""The trainer: plain files in, plain files out, run as its own process.

`python -m finetune.training JOB_DIR` trains, `python -m finetune.training.generate JOB_DIR` answers prompts.
Nothing here knows Django. What the web process may import (it must stay free of torch): `config`, `job`,
`report`, `manifest`, `chat`, `data`, `schedule`, `errors`. The rest loads torch and transformers.
"""
