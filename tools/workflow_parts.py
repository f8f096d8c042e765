"""What the example workflows are made of: our nodes with their default widgets, the usual links, and the frames around them.

A node's widgets stand in the order in which the page saves them; the page's own upload buttons come last.
"""

from __future__ import annotations

from .canvas_graph import Link, Node

LOW = 1250
"""Where the lower row begins: what is said runs under who says it, because its timeline is wide."""
BLUE, GREEN, PURPLE, ORANGE = "#3f789e", "#4b7a4b", "#6b5b95", "#a1602c"
TEXT = "Hello! I was only a photograph a minute ago. Now I can speak, blink and breathe."
SHORT_TEXT = "Hello! Behind me is whatever you like."
PHOTO, CUT_OUT = "sample: astronaut", "sample: astronaut, cut out"
TWO_PEOPLE = "sample: two people"
LINES = ("Hello! You look just like me.", "Oh no, my suit is blue. And my hair is much better.")
TURNS = "0-3.2 0\n3.2-7.7 1"
RECORDING = "sample: Jane Austen, one sentence"
CLIP = "sample: astronaut talks"
NEW_WORDS = "Hello! I used to say something else. Only my mouth has changed."

PORTRAIT = Node(1, "TA_LoadPortrait", (0, 60), (340, 540), (("image", "IMAGE"), ("mask", "MASK")),
                (("portrait", "TA_PORTRAIT"), ("image", "IMAGE"), ("mask", "MASK")), (PHOTO, "image"), 2)
DETECT = Node(2, "TA_DetectFace", (380, 60), (400, 1080),
              (("source", "TA_PORTRAIT,IMAGE,VIDEO"), ("landmarks", "FACE_LANDMARKS"), ("bbox", "BBOX,BOUNDING_BOX")),
              (("face", "TA_FACE"), ("overlay", "IMAGE"), ("face_mask", "MASK"), ("mouth_mask", "MASK"),
               ("report", "STRING")), (0, "large-small", 0.5, "auto", 0.0, 0.05, "first"), 2)
SPEAK = Node(3, "TA_TextToSpeech", (0, LOW), (340, 300), (), (("audio", "AUDIO"), ("speech", "TA_SPEECH")),
             (TEXT, "auto", 1, ""))
LISTEN = Node(3, "TA_LoadSpeech", (0, LOW), (340, 140), (), (("audio", "AUDIO"), ("transcript", "STRING")), (RECORDING,))
VISEMES = Node(4, "TA_AudioToVisemes", (380, LOW), (840, 640), (("audio", "AUDIO"), ("speech", "TA_SPEECH")),
               (("speech", "TA_SPEECH"), ("timeline", "IMAGE"), ("cues", "STRING")), ("", "", "auto", "cues JSON", ""), 1)
MOTION = Node(5, "TA_MotionGenerator", (820, 60), (400, 1080),
              (("speech", "TA_SPEECH"), ("face", "TA_FACE"), ("driving", "TA_MOTION"), ("base", "TA_MOTION")),
              (("motion", "TA_MOTION"), ("curves", "IMAGE")),
              (25, "neutral", 1, 1, 1, 1, 1, 1, 1, False, 0, "fixed", ""), 3)
RENDER = Node(6, "TA_MouthRenderer", (1280, 60), (360, 600),
              (("face", "TA_FACE"), ("motion", "TA_MOTION"), ("model", "TA_MODEL"), ("source", "VIDEO")),
              (("render", "TA_RENDER"), ("preview", "IMAGE"), ("report", "STRING")),
              ("auto", 0, 0, "pad_silence", "", "closed"), 2)
BLEND = Node(7, "TA_BlendAndIdle", (1280, 740), (360, 400),
             (("render", "TA_RENDER"), ("background", "IMAGE,VIDEO"), ("mask", "MASK"), ("replacement", "IMAGE,VIDEO")),
             (("render", "TA_RENDER"), ("mask", "MASK")), (1, 1, 1, "carry", "source", "#404040", 1, "loop"), 3)
MUX = Node(8, "TA_VideoMux", (1700, 60), (460, 780),
           (("source", "TA_RENDER,IMAGE"), ("audio", "AUDIO"), ("replacement", "IMAGE,VIDEO")),
           (("video", "VIDEO"), ("path", "STRING")),
           ("talking_avatar/avatar", 25, 18, "veryfast", True, "mp4-h264", "copy", "keep"), 2)
BLEND_MODE, BLEND_COLOUR, MUX_PREFIX, MUX_FORMAT = 4, 5, 0, 5
AVATAR = Node(1, "TA_TalkingAvatar", (0, 60), (520, 1400), (("image", "IMAGE"), ("audio", "AUDIO"), ("video", "VIDEO")),
              (("video", "VIDEO"), ("path", "STRING")),
              (PHOTO, TEXT, "auto", "neutral", 1, 1, "as the photo", 25, 0, "fixed",
               "talking_avatar/avatar", True, "", "image"), 3)
IMAGES = Node(9, "TA_FramesToImages", (1700, 60), (300, 160), (("render", "TA_RENDER"),),
              (("images", "IMAGE"), ("audio", "AUDIO"), ("fps", "FLOAT")), (0, 0))
SCALE = Node(10, "ImageScaleBy", (1700, 320), (300, 110), (("image", "IMAGE"),), (("IMAGE", "IMAGE"),), ("lanczos", 2))
SPLIT = Node(21, "TA_SplitSpeakers", (0, 960), (340, 340), (("audio", "AUDIO"), ("face", "TA_FACE")),
             (*((f"audio_{n}", "AUDIO") for n in range(1, 5)), ("report", "STRING")), (TURNS, "0, 1, 2, 3"), 1)
JOIN = Node(22, "TA_JoinRenders", (2240, 900), (460, 120), tuple((name, "TA_RENDER") for name in "abcd"),
            (("render", "TA_RENDER"),), (), 2)

DRIVE = Node(5, "TA_MotionFromVideo", (820, 60), (400, 800),
             (("driver", "VIDEO,IMAGE,TA_MOTION"), ("face", "TA_FACE"), ("landmarks", "FACE_LANDMARKS")),
             (("motion", "TA_MOTION"), ("curves", "IMAGE")), (1, 1, 1, 1, 1, -1, 0, 25, "fit"), 2)

CHAIN: tuple[Link, ...] = (
    (1, "portrait", 2, "source"), (2, "face", 5, "face"), (2, "face", 6, "face"), (4, "speech", 5, "speech"),
    (5, "motion", 6, "motion"), (6, "render", 7, "render"), (7, "render", 8, "source"),
)
SPOKEN: tuple[Link, ...] = (*CHAIN, (3, "audio", 4, "audio"), (3, "speech", 4, "speech"))
RECORDED: tuple[Link, ...] = (*CHAIN, (3, "audio", 4, "audio"), (3, "transcript", 4, "transcript"))
GROUPS = (
    ("1  Who talks", (-20, -20, 820, 1180), BLUE),
    ("2  What is said", (-20, 1180, 1260, 740), GREEN),
    ("3  How it moves", (810, -20, 430, 1180), PURPLE),
    ("4  The picture", (1260, -20, 400, 1180), ORANGE),
    ("5  The video", (1680, -20, 500, 1180), ORANGE),
)

STORY = ("I was only sitting here, like every day. Then your letter came, and I was so happy! Tomorrow? You are coming tomorrow? "
         "What a pity that you cannot stay.")
STORY_MOODS = "0 neutral\n3.9 happy\n6 surprised 0.9\n8.9 sad"
DRAFT = "He might even have been made amiable himself."
"""What the sample recording says."""
CAPTIONS = Node(11, "TA_Captions", (1700, 60), (340, 300), (("render", "TA_RENDER"), ("speech", "TA_SPEECH")),
                (("render", "TA_RENDER"), ("srt", "STRING")), ("highlight", "bottom", 1, "#ffe14d", True))
TABLE = Node(11, "TA_LinesTable", (0, LOW), (340, 300), (),
             (("text", "STRING"), ("file_name", "STRING"), ("keyframes", "STRING")),
             ("the table below", """name,text,emotion
welcome,"Hello, and welcome.",happy
hours,We are open from nine to five.,
goodbye,Goodbye. See you soon.,happy""", "talking_avatar/lines"))
BEHIND = Node(11, "TA_LoadPortrait", (1700, 60), (300, 440), (("image", "IMAGE"), ("mask", "MASK")),
              (("portrait", "TA_PORTRAIT"), ("image", "IMAGE"), ("mask", "MASK")), (TWO_PEOPLE, "image"), 2)
SOFTEN = Node(12, "ImageBlur", (1700, 560), (300, 110), (("image", "IMAGE"),), (("IMAGE", "IMAGE"),), (20, 8))
PROMPT = ("portrait photo of a friendly old fisherman, front view, looking into the camera, mouth closed, soft light, plain background",
          "open mouth, teeth, profile, hands, hat over the eyes, text, watermark")
CHECKPOINT = "v1-5-pruned-emaonly-fp16.safetensors"
"""That of ComfyUI's own first workflow; any other will do."""
DIFFUSION = (
    Node(11, "CheckpointLoaderSimple", (-1160, 60), (340, 120), (), (("MODEL", "MODEL"), ("CLIP", "CLIP"), ("VAE", "VAE")),
         (CHECKPOINT,)),
    Node(12, "CLIPTextEncode", (-780, 60), (340, 180), (("clip", "CLIP"),), (("CONDITIONING", "CONDITIONING"),), (PROMPT[0],)),
    Node(13, "CLIPTextEncode", (-780, 300), (340, 180), (("clip", "CLIP"),), (("CONDITIONING", "CONDITIONING"),), (PROMPT[1],)),
    Node(14, "EmptyLatentImage", (-1160, 240), (340, 130), (), (("LATENT", "LATENT"),), (512, 512, 1)),
    Node(15, "KSampler", (-400, 60), (340, 300),
         (("model", "MODEL"), ("positive", "CONDITIONING"), ("negative", "CONDITIONING"), ("latent_image", "LATENT")),
         (("LATENT", "LATENT"),), (7, "fixed", 20, 7, "euler", "normal", 1)),
    Node(16, "VAEDecode", (-400, 420), (340, 60), (("samples", "LATENT"), ("vae", "VAE")), (("IMAGE", "IMAGE"),)),
)
DIFFUSION_LINKS: tuple[Link, ...] = (
    (11, "MODEL", 15, "model"), (11, "CLIP", 12, "clip"), (11, "CLIP", 13, "clip"), (11, "VAE", 16, "vae"),
    (12, "CONDITIONING", 15, "positive"), (13, "CONDITIONING", 15, "negative"), (14, "LATENT", 15, "latent_image"),
    (15, "LATENT", 16, "samples"),
)
