"""The notes inside the example workflows: Markdown, one to a graph."""

TEXT_NOTE = """### Photo + text -> talking video

1. Press **Run**: the sample talks.
2. Choose your photo in **Load Portrait** (one face, from the front, mouth closed).
3. Write what it says in **Text to Speech** (English).

The mp4 appears in **Video Mux** and in `output/talking_avatar`. Everything runs on this machine; nothing is sent anywhere. Another *seed* in Motion Generator gives another performance."""

AUDIO_NOTE = """### Photo + recording -> talking video

1. Press **Run**: the sample talks.
2. Choose your photo in **Load Portrait** (one face, from the front, mouth closed).
3. Choose a recording of ComfyUI's input folder in **Load Speech**, or put *Load Audio* in its place to upload one.
4. What is said makes the lips much more exact: write it into a .txt file of the same name, or disconnect *transcript* of **Audio to Visemes** and paste it there.

Use only faces and voices of people who agreed to it."""

ONE_NODE_NOTE = """### One node

1. Press **Run**: the sample talks.
2. Choose your photo, write your text, run again.

For a recording, connect *Load Audio* or *Load Speech* to **audio**, and write what is said into the lowest field.

The mp4 is saved in `output/talking_avatar`. The other templates show the same chain node by node, with every control."""

BACKGROUND_NOTE = """### A person in front of nothing

The sample is cut out, so that the background can be anything. **Blend and Idle**, *background_mode*:

- **transparent**: a webm with transparency, for editing programs and web pages
- **color**: one colour, such as #00b140 for keying
- **blur**: the photo's own background, out of focus
- **source**: a picture or video that you connect to *background*

With your own photo, connect the MASK of any node that finds the person to **mask**: white on the person. For color, blur or a picture, set *format* of Video Mux to mp4-h264."""

UPSCALE_NOTE = """### Other nodes in the chain

**Frames to Images** draws the frames as IMAGE. Any node may change them: an upscaler, a face restorer, a style. The result goes into **replacement** of Video Mux, which writes it with the sound, frame for frame.

Here *Upscale Image By* makes the video twice as large. Put your upscaler in its place.

Images take memory: *Frames to Images* says how much before it begins. Use *start* and *count* for parts of a long clip."""

TWO_NOTE = """### Two people in one photo

1. Press **Run**: both talk.
2. Choose your photo in **Load Portrait**. The pictures of both **Detect Face** nodes number the faces; *face_index* says who has which chain.
3. Put *Load Audio* in the place of **Text to Speech** for a conversation that you recorded, and write who speaks when into *table* of **Split Speakers**: from, to, number of the face. For a video, connect a *face* there and leave the table empty.

For separate recordings leave Split Speakers out: connect each to its own **Audio to Visemes**."""

DUB_NOTE = """### A video says something else

1. Press **Run**: the sample gets new words.
2. Choose your video in **Load Talking Video** and write what it says in **Text to Speech**, or put *Load Speech* in its place for a recording, such as a translation.

Only the mouth, the jaw and the lower cheeks are drawn anew. In **Mouth Renderer**:

- *length*: what happens where the sound is not as long as the video
- *ranges*: seconds such as 2.5-4.0, to change one line only
- *report*: what was left as it is, and why

Use only faces and voices of people who agreed to it."""

DRIVE_NOTE = """### A face drives a face

1. Press **Run**: the sample video moves one of the people in the sample photo.
2. Choose your photo in **Load Portrait** and *face_index* in **Detect Face**.
3. Choose a clip of yourself in **Load Talking Video**: one face from the front, the lips closed for a moment.

**Motion from Video** has a strength for mouth, brows, eyes, head and gaze. Its motion can also go into *driving* of **Motion Generator**: then head, eyes and brows follow the clip, and the lips what is said.

Use only faces of people who agreed to it."""

EMOTIONS_NOTE = """### Several moods

1. Press **Run**: neutral, happy, surprised, sad.
2. Write your text in **Text to Speech** and the moods in **keyframes** of **Motion Generator**: seconds, mood, strength.

The picture of **Audio to Visemes** shows when each word is said. The face goes over from one mood to the next in about half a second. *emotion* sets one mood for the whole clip; keyframes come first."""

CAPTIONS_NOTE = """### Captions

1. Press **Run**: the word that is being said is yellow.
2. In **Captions**, choose *style* and *place*; switch *in_picture* off for the text alone.

*srt* holds the same as subtitles for players and sites: connect it to a node that saves text.

For a recording, give **Audio to Visemes** its transcript: sound alone has no words."""

NEW_BACKGROUND_NOTE = """### Another background

1. Press **Run**: the sample is cut out and stands before a blurred picture.
2. Connect any IMAGE or VIDEO to *background* of **Blend and Idle**: a photo, a generated picture, a clip that loops.

With your own photo, connect the MASK of any node that finds the person to **mask**: white on the person. Hair keeps its soft edge.

For nothing behind the person, see *transparent background*."""

GENERATED_NOTE = """### A generated face speaks

1. Choose a checkpoint in **Load Checkpoint**.
2. Press **Run**: the picture is made, and talks.

The IMAGE of any node may go into **Load Portrait**. Ask for *front view* and *mouth closed* in the prompt: the face gets sharper lips and truer teeth. Fix the seed when you like the face; then only what you change is made again."""

DRAFT_NOTE = """### A draft voice first, the recording later

1. Press **Run**: the draft voice speaks.
2. In **Text to Speech** press *Edit the lips of this speech*, and bend them until you like them.
3. Swap in the recording: drag *audio* of **Load Speech** onto *audio* of **Audio to Visemes**, drag *transcript* onto *transcript*, pull the wire out of *speech*, and press **Run**.
4. In **Text to Speech** open *Edits* and press *Move to Audio to Visemes*; run again.

Each edit is placed where the same is said in the recording. What has no place there waits in the list until you place or remove it."""

TABLE_NOTE = """### One clip for each row

1. Press **Run**: three clips appear.
2. Write your rows into **Lines Table**, or choose a .csv file of ComfyUI's input folder.

*text* is what is said, *name* becomes the file name, *emotion* the mood. The clips are in `output/talking_avatar/lines`."""
