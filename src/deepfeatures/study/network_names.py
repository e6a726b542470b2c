"""Names and sizes of networks that plans need, said again here: where they belong, torch is imported, which takes a
command seconds. A test holds them equal (tests/study/test_network_names.py).
"""

from collections.abc import Mapping
from types import MappingProxyType

# networks.deepid2plus
LAYERS = ("fc1", "fc2", "fc3", "fc4")
MAPS, UNITS = (128, 128, 128, 128), 512
SMALL_MAPS, SMALL_UNITS = (20, 40, 60, 80), 160
# data.regions.REGIONS, less the whole face
WINDOWS = ("centre", "upper left", "upper right", "lower left", "lower right")
# networks.response_windows
READINGS = ("mean", "selected", "evidence")
TWIN = "-untrained"  # the end of the name of a network with weights that know nothing
# networks.more_networks: network -> its layers that are read
MORE_LAYERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "vgg-face": ("pool5", "fc6", "embedding"),
        "facenet-vggface2": ("embedding",),
        "arcface-r50": ("embedding",),
        "arcface-r100": ("embedding",),
    }
)
# networks.face_catalogue: network -> its file in the folder of weights
WEIGHT_FILES: Mapping[str, str] = MappingProxyType(
    {
        "mobilefacenet-ms1m": "mobilefacenet_ms1m_foamliu.pt",
        "mobilefacenet-ms1m-onnx": "mobilefacenet_ms1m_foamliu.onnx",
        "mobilefacenet-casia": "mobilefacenet_casia_xiaoccer.ckpt",
        "vgg-face": "vgg_face_dag.pth",
        "facenet-vggface2": "facenet_vggface2.onnx",
        "arcface-r50": "w600k_r50.onnx",
        "arcface-r100": "glintr100.onnx",
    }
)
