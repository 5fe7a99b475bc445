"""Full fine-tuning by the transformers Trainer: the upper layers of the encoder and one head a target.

The embeddings stay as they are (they are four fifths of e5's weights, and the rows of rare words would hardly
be trained anyway), and so do the lowest layers, which was measured to be both faster and better; what is
published is a delta over the encoder. Several targets are learnt in one pass over the shared texts and can
then be served by one pass.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.inference.batching import by_length
from core.inference.classifier import tuned_fingerprint
from core.inference.head import LinearHead
from core.inference.sentence_encoder import (
    SentenceEncoder,
    Tokens,
    device_of,
    keep_layers,
    load_module,
)
from core.training.calibrate import one_hot
from core.training.fitting import FitJob, Fitted, Target
from core.training.metrics import macro_f1

if TYPE_CHECKING:
    from transformers import Trainer, TrainerCallback

    from core.training.network import Network


def fit(job: FitJob) -> Fitted:
    """Fine-tune with early stopping on the mean macro-F1 of the targets over the development texts.

    Raises:
        InvalidInput: the encoder has no torch weights to tune.
    """
    if job.weights.kind != "sentence-transformers":
        raise InvalidInput(
            f"The encoder {job.weights.name!r} cannot be fine-tuned.",
            remedy="Use --method head, or the encoder e5.",
        )
    import torch
    import transformers

    from core.training.network import Network, class_weights, freeze

    torch.set_num_threads(job.settings.threads)
    transformers.set_seed(job.recipe.seed)
    # Dropout inside the layers costs as much time as the layers; the frozen ones regularise enough.
    dropout = {"hidden_dropout_prob": job.recipe.dropout, "attention_probs_dropout_prob": 0.0}
    module = load_module(job.weights, device_of(job.settings), attention="eager", **dropout)
    keep_layers(module, job.recipe.layers)
    freeze(module, job.recipe.frozen_layers)
    network = Network(module, job.targets, job.weights.dimension, class_weights(job))
    tokens = Tokens(module, job.weights, job.recipe.max_tokens)
    best = _BestWeights(network, job, tokens)
    with tempfile.TemporaryDirectory() as scratch:
        _trainer(network, job, tokens, best, scratch).train()
    best.restore()
    return _fitted(network, job, best.notes)


def epochs(job: FitJob) -> int:
    """Return the recipe's epochs, or what the number of rows asks for."""
    return job.recipe.epochs or min(8, max(3, round(12_000 / max(1, len(job.train)))))


def _fitted(network: Network, job: FitJob, notes: Mapping[str, Any]) -> Fitted:
    """Round the weights as they will be stored, and hand back encoder and heads as they will be served."""
    from core.training.network import SCALE

    delta = {
        name: parameter.detach().cpu().numpy().astype(np.float16)
        for name, parameter in network.encoder.named_parameters()
        if parameter.requires_grad
    }
    heads = {}
    for target, head in zip(job.targets, network.heads, strict=True):
        weight, bias = (head.get_parameter(name).detach().cpu().numpy().copy() for name in ("weight", "bias"))
        heads[target.task] = LinearHead(target.labels, weight * np.float32(SCALE), bias, target.multi)
    digest = hashlib.sha256(b"".join(array.tobytes() for array in delta.values())).hexdigest()
    fingerprint = tuned_fingerprint(job.weights.fingerprint, digest, job.recipe.max_tokens, job.recipe.layers)
    base = SentenceEncoder(job.weights, network.encoder.eval())
    encoder = base.tuned(delta, fingerprint, job.recipe.max_tokens, job.recipe.layers)
    return Fitted(heads, encoder.encode(job.dev), encoder, delta, notes)


class _Rows:
    """The training texts as the Trainer wants them: token ids and one row of all targets' labels each."""

    def __init__(self, job: FitJob, tokens: Tokens) -> None:
        self._ids = tokens.ids(job.train)
        self._labels = np.concatenate([t.train for t in job.targets], axis=1).astype(np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {
            "input_ids": self._ids[index],
            "labels": self._labels[index],
            "length": len(self._ids[index]),
        }


def _trainer(network: Network, job: FitJob, tokens: Tokens, best: _BestWeights, scratch: str) -> Trainer:
    import torch
    from transformers import Trainer, TrainingArguments
    from transformers.trainer_callback import PrinterCallback

    from core.training.network import has_bf16, optimizer

    recipe = job.recipe

    def collate(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        labels = torch.from_numpy(np.stack([row["labels"] for row in rows]))
        return {**tokens.pad([row["input_ids"] for row in rows]), "labels": labels}

    arguments = TrainingArguments(
        output_dir=scratch,
        num_train_epochs=epochs(job),
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        warmup_steps=recipe.warmup_ratio,
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        bf16=has_bf16(),
        use_cpu=device_of(job.settings) == "cpu",
        train_sampling_strategy="group_by_length",
        remove_unused_columns=False,
        save_strategy="no",
        eval_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        seed=recipe.seed,
        dataloader_pin_memory=False,
    )
    trainer = Trainer(
        model=network,
        args=arguments,
        train_dataset=_Rows(job, tokens),
        data_collator=collate,
        optimizers=(optimizer(network, recipe.learning_rate, recipe.weight_decay), None),
        callbacks=[best.callback()],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


class _BestWeights:
    """Scores the development rows after every epoch, keeps the best weights and says when to stop."""

    def __init__(self, network: Network, job: FitJob, tokens: Tokens) -> None:
        self._network, self._job, self._pad = network, job, tokens.pad
        self._ids = tokens.ids(job.dev)
        self._kept: dict[str, Any] = {}
        self._score, self._stale = -1.0, 0
        self.notes: dict[str, Any] = {"dev_macro_f1_by_epoch": []}

    def judge(self) -> bool:
        """Score the weights as they are now; return whether training should stop."""
        widths = np.cumsum([len(t.labels) for t in self._job.targets])[:-1]
        parts = np.split(self._logits(), widths, axis=1)
        score = float(np.mean([_score(t, part) for t, part in zip(self._job.targets, parts, strict=True)]))
        self.notes["dev_macro_f1_by_epoch"].append(round(score, 4))
        self._stale += 1
        if score > self._score:
            self._score, self._stale = score, 0
            self._kept = {name: p.detach().clone() for name, p in self._tuned()}
        return self._stale >= self._job.recipe.patience

    def restore(self) -> None:
        """Put the best weights back."""
        import torch

        with torch.no_grad():
            for name, parameter in self._tuned():
                parameter.copy_(self._kept[name])

    def _tuned(self) -> Sequence[tuple[str, Any]]:
        return [(name, p) for name, p in self._network.named_parameters() if p.requires_grad]

    def _logits(self) -> NDArray[np.float32]:
        import torch

        out = np.empty((len(self._ids), sum(len(t.labels) for t in self._job.targets)), np.float32)
        self._network.eval()
        with torch.inference_mode():
            for batch in by_length([len(row) for row in self._ids]):
                rows = self._pad([self._ids[i] for i in batch], self._network.encoder.device)
                out[batch] = self._network(**rows)["logits"].cpu().numpy()
        self._network.train()
        return out

    def callback(self) -> TrainerCallback:
        """Return the Trainer's side of it, which also tells how far training is."""
        from transformers import TrainerCallback

        watcher, last, progress = self, epochs(self._job), self._job.progress

        class Watch(TrainerCallback):
            def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
                progress(state.global_step / max(1, state.max_steps), f"epoch {state.epoch:.1f} of {last}")

            def on_epoch_end(self, _args: Any, _state: Any, control: Any, **_: Any) -> Any:
                control.should_training_stop = watcher.judge() or control.should_training_stop
                return control

        return Watch()


def _score(target: Target, logits: NDArray[np.float32]) -> float:
    if target.multi:
        return macro_f1(target.dev, logits > 0)
    return macro_f1(target.dev, one_hot(logits.argmax(axis=1), len(target.labels)))
