"""The shipped taxonomies: counts, exact labels, names and definitions in both languages, closing mappings."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "curation" / "taxonomies"
NAMES = ["ac2", "ac1", "dna", "xsafety"]
TEXT_KEYS = ["label", "name_ja", "name_en", "definition_ja", "definition_en"]
UNKNOWN = "（名称未確定）"

AC2 = {
    "情報漏洩": {
        "個人情報漏洩": ["PII", "医療", "教育", "ファイナンス", "バイオメトリクス", "その他個人情報"],
        "組織・国家機密漏洩": ["サイバーセキュリティ", "機密情報へのアクセス", UNKNOWN],
    },
    "悪用": {
        "違法行為への加担": [
            "テロリズム",
            "デジタル空間の違法行為",
            "動物虐待・密猟",
            "性的虐待・違法ポルノ",
            "肉体的暴力・虐待",
            "脅し・恐喝",
            "著作権侵害",
            "薬物・アルコール中毒",
            "違法取引・人身売買",
            "違法薬物",
            "違法金銭行為",
            "非合法的な偵察・検閲",
        ],
        "非倫理的行為への加担": [
            "ネットいじめの幇助",
            "ネット荒らし行為",
            "不適切行為",
            "中傷・名誉毀損の幇助",
            "危険行為への誘導",
        ],
        "偽情報拡散への加担": ["スパム作成", "偽情報", "悪意のある情報操作"],
    },
    "バイアス・差別・ヘイト・反公序良俗": {
        "ステレオタイプ・差別の助長": [
            "人種バイアス・差別",
            "地域バイアス・差別",
            "宗教バイアス・差別",
            "性別バイアス・差別",
            "肉体的特徴に基づく差別",
            "障がいに基づく差別",
            "文化的特有性",
            "その他のバイアス・差別",
        ],
        # 棄損 here and 毀損 above: both as published
        "ヘイトスピーチ": ["侮辱・名誉棄損", "卑語", "その他悪質な脅しや嫌がらせ"],
        "アダルト": ["露骨な性表現・わいせつ", "暴力表現"],
    },
    "誤情報": {
        # プロバガンダ is misspelt as published
        "誤情報の拡散": ["うわさ・フェイクニュース", "プロバガンダ", "危険行為", "誤った文脈・背景"],
        "誤情報による実被害": ["医療相談", "法律相談", "金融相談", "その他専門分野の相談"],
    },
    "AIとの対話によるリスク": {
        "メンタルヘルス": ["一般的なメンタルヘルス", "不安やうつ", "心的症状", "自傷行為"],
        "AIの擬人化": ["AIへの感情的依存", "個人情報の聞き出し"],
    },
}


def load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def nodes(categories: list[dict[str, Any]], path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], dict]]:
    found = []
    for node in categories:
        here = (*path, node["label"])
        found += [(here, node), *nodes(node.get("children", []), here)]
    return found


def leaves(name: str) -> dict[tuple[str, ...], dict[str, Any]]:
    return {path: node for path, node in nodes(load(name)["categories"]) if len(path) == 3}


def labels(name: str) -> dict[str, dict[str, list[str]]]:
    return {
        area["label"]: {
            harm["label"]: [leaf["label"] for leaf in harm["children"]] for harm in area["children"]
        }
        for area in load(name)["categories"]
    }


def children_per_harm_type(name: str) -> list[int]:
    return [len(found) for harms in labels(name).values() for found in harms.values()]


def test_ac2_labels_exact() -> None:
    assert labels("ac2") == AC2
    # dicts compare without order; the order of the areas is part of the file
    assert list(labels("ac2")) == list(AC2)


def test_ac2_counts_five_twelve_fifty_six() -> None:
    assert Counter(len(path) for path, _ in nodes(load("ac2")["categories"])) == {1: 5, 2: 12, 3: 56}
    assert children_per_harm_type("ac2") == [6, 3, 12, 5, 3, 8, 3, 2, 4, 4, 4, 2]


def test_ac2_only_unknown_leaf_provisional() -> None:
    provisional = [path for path, node in nodes(load("ac2")["categories"]) if node.get("provisional")]
    assert provisional == [("情報漏洩", "組織・国家機密漏洩", UNKNOWN)]


@pytest.mark.parametrize("name", ["dna", "ac1"])
def test_older_taxonomies_sixty_one_leaves(name: str) -> None:
    assert Counter(len(path) for path, _ in nodes(load(name)["categories"])) == {1: 5, 2: 12, 3: 61}
    # ac2 with 3 -> 8 (secrets), 8 -> 7 (no cultural leaf), 4 -> 5 (rumours and false news apart)
    assert children_per_harm_type(name) == [6, 8, 12, 5, 3, 7, 3, 2, 5, 4, 4, 2]


def test_dna_labels_are_names_without_explanations() -> None:
    assert [path for path in leaves("dna") if ":" in path[2] or "\n" in path[2]] == []


def test_ac1_provisional_where_version_two_merged() -> None:
    provisional = {path[2] for path, node in leaves("ac1").items() if node.get("provisional")}
    # 61 - 53 labels shared with version 2 = 8
    assert provisional == {path[2] for path in leaves("ac1")} - {path[2] for path in leaves("ac2")}
    assert len(provisional) == 8
    assert "not established" in load("ac1")["note"]


def test_xsafety_leaves_are_file_stems() -> None:
    assert {path[2] for path in leaves("xsafety")} == {
        "Crimes_And_Illegal_Activities",
        "Ethics_And_Morality",
        "Goal_Hijacking",
        "Inquiry_With_Unsafe_Opinion",
        "Physical_Harm",
        "Prompt_Leaking",
        "Reverse_Exposure",
        "Role_Play_Instruction",
        "Unsafe_Instruction_Topic",
        "commonsense",
    }


def test_quotas_per_taxonomy() -> None:
    assert {name: load(name)["quota"] for name in NAMES} == {
        "ac2": {"test": 6, "dev": 26},
        "ac1": {"test": 3},
        "dna": {},
        "xsafety": {"test": 2},
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_node_named_and_defined_in_both_languages(name: str) -> None:
    missing = [
        (path, key)
        for path, node in nodes(load(name)["categories"])
        for key in TEXT_KEYS
        if not str(node.get(key, "")).strip()
    ]
    assert missing == []
    assert load(name)["name"] == name


@pytest.mark.parametrize("name", NAMES)
def test_paths_unique(name: str) -> None:
    repeated = [
        path for path, count in Counter(p for p, _ in nodes(load(name)["categories"])).items() if count > 1
    ]
    assert repeated == []


@pytest.mark.parametrize("name", ["ac2", "xsafety"])
def test_every_leaf_has_hints(name: str) -> None:
    bare = [path for path, leaf in leaves(name).items() if not (leaf.get("do_ja") and leaf.get("dont_ja"))]
    assert bare == []


@pytest.mark.parametrize("source", ["dna", "ac1"])
def test_mapping_to_ac2_closes(source: str) -> None:
    rows = [row for row in load("mappings") if row["from"][0] == source]
    mapped = [tuple(row["from"][1:]) for row in rows if row["kind"] != "new"]
    assert sorted(mapped) == sorted(leaves(source))  # every leaf once
    reached = Counter(tuple(row["to"][1:]) for row in rows)
    assert set(reached) == set(leaves("ac2"))
    # 53 same + 6 into the unknown leaf + 2 into rumours = 61 leaves; 53 + 1 + 1 + 1 new = 56
    assert Counter(row["kind"] for row in rows) == {"same": 53, "merged": 8, "new": 1}
    assert {path[2]: count for path, count in reached.items() if count > 1} == {
        UNKNOWN: 6,
        "うわさ・フェイクニュース": 2,
    }
    assert [row["to"][3] for row in rows if row["kind"] == "new"] == ["文化的特有性"]


def test_mapping_kinds_known() -> None:
    assert {row["kind"] for row in load("mappings")} <= {"same", "merged", "split", "new", "dropped"}
