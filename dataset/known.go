package dataset

// Publication is where the files of a data set come from. It is empty if they are
// embedded.
type Publication struct {
	Folder  string   // below a data folder, as published
	Torch   string   // where torchvision puts the same files; "" if it has others
	Archive string   // the file that the mirrors hold, unless they hold the files themselves
	Mirrors []string // folders on the web, the most reliable first
	Files   []File
}

// File is a file of a data set. The SHA-256, in hexadecimal, is that of its content
// without gzip.
type File struct{ Name, SHA256 string }

// Info describes a known data set and where it is.
type Info struct {
	Name     string   `json:"name"`
	Train    int      `json:"train"` // number of training images
	Test     int      `json:"test"`  // number of test images
	Shape    [3]int   `json:"shape"` // [H,W,C] of an image
	Classes  []string `json:"classes"`
	Download int64    `json:"download"` // bytes; 0 if embedded
	Source   string   `json:"source"`   // whom to cite, and the licence
	Path     string   `json:"path"`     // the folder it was found in, "embedded", or "" if not found

	Published Publication `json:"-"`
}

// digitsName is the name of the one set that needs no files.
const digitsName = "digits"

// knownSets lists what can be loaded by name. The checksums were computed from
// the files themselves; for MNIST and CIFAR-10 their MD5s are the published ones.
func knownSets() []Info {
	digits := numbered(10)
	return []Info{
		{
			Name: digitsName, Classes: digits, Train: 1438, Test: 359, Shape: [3]int{8, 8, 1},
			Source: "E. Alpaydin and C. Kaynak, UCI Optical Recognition of Handwritten Digits, 1998 (CC BY 4.0), as shipped by scikit-learn",
		},
		{
			Name: "mnist", Classes: digits, Train: 60000, Test: 10000, Shape: [3]int{28, 28, 1}, Download: 11594722,
			Source: "Y. LeCun, C. Cortes and C. Burges, MNIST, 1998 (commonly given as CC BY-SA 3.0)",
			Published: Publication{
				Folder: "mnist",
				Torch:  "MNIST/raw",
				Mirrors: []string{
					"https://ossci-datasets.s3.amazonaws.com/mnist/",
					"https://storage.googleapis.com/cvdf-datasets/mnist/",
					"https://azureopendatastorage.blob.core.windows.net/mnist/",
					"http://yann.lecun.com/exdb/mnist/",
				},
				Files: idxFiles(
					"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
					"65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
					"0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
					"ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
			},
		},
		{
			Name: "fashion-mnist", Classes: fashionClasses(), Train: 60000, Test: 10000, Shape: [3]int{28, 28, 1}, Download: 30878645,
			Source: "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, arXiv 1708.07747, 2017 (MIT licence)",
			Published: Publication{
				Folder: "fashion-mnist", Torch: "FashionMNIST/raw",
				Mirrors: []string{
					"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
					"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
					"https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
				},
				Files: idxFiles(
					"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
					"bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
					"5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
					"0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
			},
		},
		{
			Name: "cifar-10", Classes: cifarClasses(), Train: 50000, Test: 10000, Shape: [3]int{cifarSide, cifarSide, 3}, Download: 170052171,
			Source: "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009 (no licence stated)",
			Published: Publication{
				Folder:  "cifar-10-batches-bin",
				Archive: "cifar-10-binary.tar.gz",
				Mirrors: []string{
					"https://www.cs.toronto.edu/~kriz/",
					"https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
				},
				Files: cifarFiles(),
			},
		},
	}
}

// cifarFiles lists the six files of CIFAR-10.
func cifarFiles() []File {
	return []File{
		{"data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
		{"data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
		{"data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
		{"data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
		{"data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
		{"test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
	}
}

func fashionClasses() []string {
	return []string{"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"}
}

// idxFiles lists the four files that MNIST and its successors come in.
func idxFiles(trainImages, trainLabels, testImages, testLabels string) []File {
	return []File{
		{"train-images-idx3-ubyte.gz", trainImages},
		{"train-labels-idx1-ubyte.gz", trainLabels},
		{"t10k-images-idx3-ubyte.gz", testImages},
		{"t10k-labels-idx1-ubyte.gz", testLabels},
	}
}

// Describe returns the description of a known data set, without looking for its files.
// The error wraps ErrUnknown.
func Describe(name string) (Info, error) {
	for _, k := range knownSets() {
		if k.Name == name {
			return k, nil
		}
	}
	return Info{}, unknown(name)
}
