"""The config.json keys that are accepted, by model type; a test compares them with transformers."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMON = _words("""
    _name_or_path architectures chunk_size_feed_forward dtype id2label is_encoder_decoder label2id model_type
    output_attentions output_hidden_states problem_type return_dict transformers_version
    bos_token_id eos_token_id pad_token_id cls_token_id sep_token_id mask_token_id unk_token_id
    tie_word_embeddings tokenizer_class torch_dtype num_labels use_cache finetuning_task
""")
"""What every config may have: transformers' base class, and what older releases of it wrote."""

_BERT = _words("""
    add_cross_attention attention_probs_dropout_prob classifier_dropout hidden_act hidden_dropout_prob
    hidden_size initializer_range intermediate_size is_decoder layer_norm_eps max_position_embeddings
    num_attention_heads num_hidden_layers type_vocab_size vocab_size
    position_embedding_type gradient_checkpointing output_past directionality pooler_fc_size
    pooler_num_attention_heads pooler_num_fc_layers pooler_size_per_head pooler_type layer_norm_epsilon
""")
_DISTILBERT = _words("""
    activation attention_dropout dim dropout hidden_dim initializer_range max_position_embeddings n_heads
    n_layers qa_dropout seq_classif_dropout sinusoidal_pos_embds vocab_size
""")
_ELECTRA = _words("embedding_size summary_activation summary_last_dropout summary_type summary_use_proj")
_ALBERT = _words("classifier_dropout_prob embedding_size inner_group_num num_hidden_groups")
_DEBERTA = _words("""
    legacy max_relative_positions pooler_dropout pooler_hidden_act pooler_hidden_size pos_att_type
    position_biased_input relative_attention position_buckets norm_rel_ebd share_att_key
""")

BY_TYPE = {
    "bert": COMMON | _BERT,
    "roberta": COMMON | _BERT,
    "xlm-roberta": COMMON | _BERT,
    "camembert": COMMON | _BERT,
    "distilbert": COMMON | _DISTILBERT,
    "mpnet": COMMON | _BERT | {"relative_attention_num_buckets"},
    "electra": COMMON | _BERT | _ELECTRA,
    "albert": COMMON | _BERT | _ALBERT,
    "deberta-v2": COMMON | _BERT | _DEBERTA,
    "ernie": COMMON | _BERT | {"task_type_vocab_size", "use_task_id"},
    "use-multilingual": _words("model_type epsilon orders chunks dimension max_tokens bos eos"),
}
"""Model type to its accepted keys; the last is Colonnade's own."""

LIMITS = {
    **dict.fromkeys(("hidden_size", "dim", "embedding_size", "pooler_hidden_size"), 16_384),
    **dict.fromkeys(("num_hidden_layers", "n_layers", "num_hidden_groups", "inner_group_num"), 256),
    **dict.fromkeys(("num_attention_heads", "n_heads"), 256),
    **dict.fromkeys(("intermediate_size", "hidden_dim"), 131_072),
    **dict.fromkeys(("max_position_embeddings", "max_relative_positions"), 1_000_000),
    **dict.fromkeys(("type_vocab_size", "task_type_vocab_size"), 1024),
    "vocab_size": 4_000_000,
    "num_labels": 100_000,
}
"""Key to the largest value that is accepted: a config must not make a loader allocate without end."""

SENTENCE = _words("max_seq_length do_lower_case transformer_task modality_config module_output_name")
"""Keys of sentence_bert_config.json; its `model_args` and the like are not among them."""
