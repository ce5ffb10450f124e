using Larder.Inference.Validation.Scanning;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation.Tests.Scanning;

public sealed class ExternalDataTests
{
    [Fact]
    public void A_model_that_came_with_its_data_is_accepted_and_names_them()
    {
        var (model, data) = OnnxModel.LinearWithData();

        Assert.Equal(["model.onnx.data"], Accepts(model, ("model.onnx.data", data.Length)).DataFiles);
    }

    [Fact]
    public void Data_may_be_in_folders_and_files_that_are_not_named_do_no_harm()
    {
        var (model, data) = OnnxModel.LinearWithData("weights/all.bin");

        Assert.Equal(["weights/all.bin"], Accepts(model, ("weights/all.bin", data.Length), ("other", 1)).DataFiles);
    }

    [Fact]
    public void The_names_are_found_without_the_files()
    {
        var model = Scan.Model().Initializer(OnnxTensor.External("b", "b.bin", 2)).Initializer(OnnxTensor.External("a", "a.bin", 2)).ToBytes();

        Assert.Equal(["a.bin", "b.bin"], OnnxScanner.Scan(new MemoryStream(model), new ValidationLimits(), default, new ExternalFiles(null)).DataFiles);
    }

    [Fact]
    public void A_model_without_its_data_says_what_to_send() => Assert.Equal(
        "Initializer 'weights' keeps its data in the file 'model.onnx.data', which did not come with the model: send a zip or tar.gz archive with model.onnx and the files that it names.",
        Scan.Refuses(OnnxModel.LinearWithData().Model));

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("./w.bin")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("..\\w.bin")]
    [InlineData("C:w.bin")]
    [InlineData("w.bin.")]
    [InlineData("w.bin ")]
    [InlineData("w\nbin")]
    [InlineData("")]
    [InlineData("*/_ORT_MEM_ADDR_/*")]
    public void A_name_that_leaves_the_folder_or_means_something_else_is_refused_also_if_there_is_such_a_file(string name) =>
        Assert.EndsWith("the name must be that of a file in the model's folder, without '..', backslashes and special characters.", Refuses(Scan.Model().Initializer(OnnxTensor.External("w", name, 2)), (name, 8)), StringComparison.Ordinal);

    [Fact]
    public void A_name_longer_than_any_file_is_refused() =>
        Assert.Contains("the name must be that of a file", Refuses(Scan.Model().Initializer(OnnxTensor.External("w", new string('w', 2000), 2)), ("w", 8)), StringComparison.Ordinal);

    [Theory]
    [InlineData("0", "8", 7, "Initializer 'w' needs 8 bytes from byte 0 of 'w.bin', which has 7 bytes.")]
    [InlineData("4", "8", 11, "Initializer 'w' needs 8 bytes from byte 4 of 'w.bin', which has 11 bytes.")]
    [InlineData("9223372036854775807", "8", 16, "Initializer 'w' needs 8 bytes from byte 9223372036854775807 of 'w.bin', which has 16 bytes.")]
    [InlineData("0", "9", 16, "Initializer 'w' needs 8 bytes, and says that it has 9 in 'w.bin'.")]
    [InlineData("-4", "8", 16, "Initializer 'w' keeps its data in 'w.bin', and its offset is no number: '-4'.")]
    [InlineData("0x4", "8", 16, "Initializer 'w' keeps its data in 'w.bin', and its offset is no number: '0x4'.")]
    [InlineData("0", "8x", 16, "Initializer 'w' keeps its data in 'w.bin', and its length is no number: '8x'.")]
    [InlineData("18446744073709551616", "8", 16, "Initializer 'w' keeps its data in 'w.bin', and its offset is no number: '18446744073709551616'.")]
    public void A_place_outside_the_file_is_refused(string offset, string length, long size, string sentence) =>
        Assert.Equal(sentence, Refuses(Scan.Model().Initializer(OnnxTensor.ExternalAt("w", "w.bin", offset, length, 2)), ("w.bin", size)));

    [Fact]
    public void A_place_that_is_given_twice_is_refused() => Assert.Contains(
        "does not say clearly where its data are",
        Refuses(Scan.Model().Initializer(OnnxTensor.Place(OnnxTensor.Declare("w", TensorElementType.Float, 2), ("location", "w.bin"), ("location", "v.bin"))), ("w.bin", 8), ("v.bin", 8)),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("checksum", null)]
    [InlineData("basepath", null)]
    [InlineData("prepacked_0", "Initializer 'w' says 'prepacked_0' of its data in another file, which is not supported: location, offset and length are.")]
    public void Keys_that_ONNX_does_not_define_are_refused(string key, string? sentence)
    {
        var model = Scan.Model().Initializer(OnnxTensor.Place(OnnxTensor.Declare("w", TensorElementType.Float, 2), ("location", "w.bin"), (key, "MatMul|0;8")));

        if (sentence is null)
            Assert.Equal(["w.bin"], Accepts(model.ToBytes(), ("w.bin", 8)).DataFiles);
        else
            Assert.Equal(sentence, Refuses(model, ("w.bin", 8)));
    }

    [Fact]
    public void A_place_without_a_name_is_refused() => Assert.Equal(
        "Initializer 'w' keeps its data in another file and does not name it.",
        Refuses(Scan.Model().Initializer(OnnxTensor.Place(OnnxTensor.Declare("w", TensorElementType.Float, 2), ("offset", "0")))));

    [Fact]
    public void Strings_are_refused() => Assert.Equal(
        "Initializer 'w' keeps strings in another file, which ONNX does not allow.",
        Refuses(Scan.Model().Initializer(OnnxTensor.Place(OnnxTensor.Declare("w", TensorElementType.String, 1), ("location", "w.bin"))), ("w.bin", 1)));

    [Fact]
    public void The_same_bytes_again_and_again_are_refused()
    {
        var model = Scan.Model();
        for (var i = 0; i < 3; i++)
            model.Initializer(OnnxTensor.ExternalAt($"w{i}", "w.bin", "0", "4096", 1024));

        Assert.Equal("The model's tensors claim more bytes than its files have: each tensor needs bytes of its own.", Refuses(model, ("w.bin", 10_000)));
    }

    [Fact]
    public void More_files_than_a_model_may_have_are_refused()
    {
        var model = Scan.Model();
        for (var i = 0; i < 1000; i++)
            model.Initializer(OnnxTensor.External($"w{i}", $"{i}.bin", 1));

        Assert.StartsWith("The model keeps its data in 1000 files or more", Refuses(model, [.. Enumerable.Range(0, 1000).Select(i => ($"{i}.bin", 4L))]), StringComparison.Ordinal);
    }

    private static OnnxScan Accepts(byte[] model, params (string Name, long Size)[] files) =>
        OnnxScanner.Scan(new MemoryStream(model), new ValidationLimits(), default, new ExternalFiles(files.ToDictionary(file => file.Name, file => file.Size)));

    private static string Refuses(IProtoMessage model, params (string Name, long Size)[] files) =>
        Assert.Throws<InvalidModelException>(() => Accepts(model.ToBytes(), files)).Message;
}
