using System.Runtime.InteropServices;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Tensors;

public sealed class RoundTripTests : IAsyncLifetime
{
    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Theory]
    [InlineData(Datatype.Bool, "[true,false]")]
    [InlineData(Datatype.UInt8, "[0,255]")]
    [InlineData(Datatype.UInt16, "[0,65535]")]
    [InlineData(Datatype.UInt32, "[0,4294967295]")]
    [InlineData(Datatype.UInt64, "[0,9007199254740993,18446744073709551615]")]
    [InlineData(Datatype.Int8, "[-128,127]")]
    [InlineData(Datatype.Int16, "[-32768,32767]")]
    [InlineData(Datatype.Int32, "[-2147483648,2147483647]")]
    [InlineData(Datatype.Int64, "[-9223372036854775808,9007199254740993,9223372036854775807]")]
    [InlineData(Datatype.Fp16, "[0.1,-2,65500,6E-08]")]
    [InlineData(Datatype.Bf16, "[0.1,-2,3.39E+38,9E-41]")]
    [InlineData(Datatype.Fp32, "[0.1,-0,3.4028235E+38,1E-45]")]
    [InlineData(Datatype.Fp64, "[0.1,-0,1.7976931348623157E+308,5E-324]")]
    [InlineData(Datatype.Bytes, """["","ü€","a\"b\\c\n"]""")]
    public async Task Every_datatype_goes_through_a_model_unchanged(Datatype datatype, string values) =>
        Assert.Equal([values], await _kitchen.PredictAsync(OnnxModel.Identity(datatype, -1), values));

    [Theory]
    [InlineData(Datatype.Bool, "true")]
    [InlineData(Datatype.Int64, "-5")]
    [InlineData(Datatype.Fp16, "1.5")]
    [InlineData(Datatype.Fp32, "1.5")]
    [InlineData(Datatype.Bytes, "\"ü\"")]
    public async Task A_scalar_is_a_bare_value(Datatype datatype, string value) =>
        Assert.Equal([value], await _kitchen.PredictAsync(OnnxModel.Identity(datatype), value));

    [Theory]
    [InlineData("[]", "[]")]
    [InlineData("[[],[]]", "[[],[]]")]
    [InlineData("[[[1,2],[3,4]],[[5,6],[7,8]]]", "[[[1,2],[3,4]],[[5,6],[7,8]]]")]
    [InlineData("[[1,2],[3,4]]", "[[[1,2],[3,4]]]")]
    public async Task Shapes_come_out_as_they_went_in(string values, string expected)
    {
        foreach (var datatype in new[] { Datatype.Fp32, Datatype.Int8 })
            Assert.Equal([expected], await _kitchen.PredictAsync(OnnxModel.Identity(datatype, -1, -1, -1), values));
    }

    [Fact]
    public async Task Empty_string_tensors_keep_their_shape() =>
        Assert.Equal(["[[],[],[]]"], await _kitchen.PredictAsync(OnnxModel.Identity(Datatype.Bytes, -1, -1), "[[],[],[]]"));

    [Fact]
    public async Task Every_FP16_and_bfloat16_is_written_so_that_it_reads_back()
    {
        foreach (var (datatype, exponent) in new[] { (Datatype.Fp16, 0x7C00), (Datatype.Bf16, 0x7F80) })
        {
            using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(datatype, -1));
            using var inputs = lease.Model.RentInputs();
            ushort[] all = [.. Enumerable.Range(0, 0x10000).Select(bits => (ushort)bits).Where(bits => (bits & exponent) != exponent)];
            MemoryMarshal.AsBytes(all.AsSpan()).CopyTo(inputs[0].Reserve([all.Length]));
            using var outputs = await lease.Model.RunAsync(inputs, CancellationToken.None);

            Assert.Equal(all, Tensor.Read(Kitchen.Write(outputs, 0), datatype, -1).Elements<ushort>());
        }
    }

    [Theory]
    [InlineData(Datatype.Fp16)]
    [InlineData(Datatype.Bf16)]
    [InlineData(Datatype.Fp32)]
    [InlineData(Datatype.Fp64)]
    public async Task What_is_not_a_number_is_written_as_a_string(Datatype datatype)
    {
        // 0/0, 1/0, -1/0
        var model = new OnnxModel().Input("x", datatype, -1).Input("z", datatype, -1).Output("y", datatype, -1);
        byte[] onnx = datatype == Datatype.Bf16
            ? new OnnxModel().Input("x", Datatype.Fp32, -1).Input("z", Datatype.Fp32, -1).Output("y", datatype, -1)
                .Node("Div", ["x", "z"], ["q"]).Node(new OnnxNode("Cast", ["q"], ["y"]).Int("to", (long)Datatype.Bf16.ToOnnx())).ToBytes()
            : model.Node("Div", ["x", "z"], ["y"]).ToBytes();

        Assert.Equal(["""["NaN","Infinity","-Infinity",2]"""], await _kitchen.PredictAsync(onnx, """{"x":[0,1,-1,4],"z":[0,0,0,2]}"""));
    }

    [Fact]
    public async Task Whatever_goes_in_comes_out()
    {
        var models = new Dictionary<(Datatype, int), SessionLease>();
        try
        {
            foreach (var datatype in Enum.GetValues<Datatype>())
            {
                for (var rank = 0; rank <= 4; rank++)
                    models[(datatype, rank)] = await _kitchen.LeaseAsync(OnnxModel.Identity(datatype, [.. Enumerable.Repeat((OnnxDim)(-1), rank)]));
            }

            var cases = from datatype in Gen.Elements(Enum.GetValues<Datatype>())
                        from shape in Gen.Choose(0, 4).ArrayOf().Select(dims => dims.Take(4).ToArray())
                        from seed in Gen.Choose(0, int.MaxValue)
                        from inPieces in Gen.Elements(true, false)
                        select (datatype, shape, seed, inPieces);
            // FsCheck's properties are synchronous. Away from the test's synchronisation context, where waiting for a run that another
            // thread does could keep the run's own continuation from its turn.
            await Task.Run(() => Prop.ForAll(cases.ToArbitrary(), test =>
            {
                var elements = RandomTensor.Of(test.datatype, test.shape, new Random(test.seed));
                var model = models[(test.datatype, test.shape.Length)].Model;
                using var inputs = model.RentInputs();
                var json = Encoding.UTF8.GetBytes(elements.Json);
                Kitchen.Read(inputs, test.inPieces ? Tensor.InPieces(json) : new(json));
                Assert.Equal(elements.Shape, inputs[0].Shape.ToArray());
                Assert.Equal(elements.Bytes, inputs[0].Data.ToArray());
                using var outputs = model.RunAsync(inputs, CancellationToken.None).AsTask().GetAwaiter().GetResult();
                var back = Tensor.Read(Kitchen.Write(outputs, 0), test.datatype, [.. test.shape.Select(_ => -1L)]);
                Assert.Equal(elements.Shape, back.Shape.ToArray());
                Assert.Equal(elements.Bytes, back.Data.ToArray());
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500)));
        }
        finally
        {
            foreach (var lease in models.Values)
                lease.Dispose();
        }
    }
}
