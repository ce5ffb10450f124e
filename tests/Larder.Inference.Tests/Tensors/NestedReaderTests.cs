using System.Text;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;

namespace Larder.Inference.Tests.Tensors;

public sealed class NestedReaderTests
{
    [Theory]
    [InlineData("[[1,2],[3,4],[5,6]]", new long[] { -1, 2 }, new long[] { 3, 2 })]
    [InlineData("[1,2]", new long[] { -1, 2 }, new long[] { 1, 2 })] // one observation
    [InlineData("[1,2]", new long[] { 1, 2 }, new long[] { 1, 2 })]
    [InlineData("[[1,2]]", new long[] { 1, 2 }, new long[] { 1, 2 })]
    [InlineData("[[1,2],[3,4]]", new long[] { 2, 2 }, new long[] { 2, 2 })]
    [InlineData("7", new long[] { }, new long[] { })]
    [InlineData("7", new long[] { -1 }, new long[] { 1 })]
    [InlineData("7", new long[] { 1 }, new long[] { 1 })]
    [InlineData("[7,8]", new long[] { -1 }, new long[] { 2 })]
    [InlineData("[7,8]", new long[] { 2 }, new long[] { 2 })]
    [InlineData("[[[1],[2]]]", new long[] { -1, -1, 1 }, new long[] { 1, 2, 1 })]
    [InlineData("[[1],[2]]", new long[] { -1, -1, 1 }, new long[] { 1, 2, 1 })]
    [InlineData("[[[[1,2]]]]", new long[] { -1, 1, 1, -1 }, new long[] { 1, 1, 1, 2 })]
    public void Lists_become_a_tensor_of_their_shape(string json, long[] shape, long[] expected)
    {
        var tensor = Tensor.Read(json, Datatype.Fp32, shape);

        Assert.Equal(expected, tensor.Shape.ToArray());
        Assert.Equal(json.Where(char.IsAsciiDigit).Select(digit => (float)(digit - '0')), tensor.Elements<float>());
    }

    [Theory]
    [InlineData("[]", new long[] { -1, 4 }, new long[] { 0, 4 })]
    [InlineData("[]", new long[] { -1 }, new long[] { 0 })]
    [InlineData("[]", new long[] { -1, -1, 4 }, new long[] { 0, 0, 4 })]
    [InlineData("[[],[],[]]", new long[] { -1, -1 }, new long[] { 3, 0 })]
    [InlineData("[[]]", new long[] { -1, -1, 4 }, new long[] { 1, 0, 4 })]
    [InlineData("[[],[]]", new long[] { 2, 0 }, new long[] { 2, 0 })]
    public void Empty_lists_make_a_tensor_without_elements(string json, long[] shape, long[] expected)
    {
        var tensor = Tensor.Read(json, Datatype.Fp32, shape);

        Assert.Equal(expected, tensor.Shape.ToArray());
        Assert.Equal(0, tensor.Data.Length);
    }

    [Theory]
    // Counts.
    [InlineData("[[1,2,3,4],[1,2,3,4],[1,2,3]]", new long[] { -1, 4 }, "3 values in row 2")]
    [InlineData("[[1,2,3,4],[1,2,3,4,5,[6],7]]", new long[] { -1, 4 }, "7 values in row 1")]
    [InlineData("[[1,2,3,4],[]]", new long[] { -1, 4 }, "0 values in row 1")]
    [InlineData("[1,2,3]", new long[] { -1, 4 }, "3 values")]
    [InlineData("[1,2,3,4,5]", new long[] { -1, 4 }, "5 values")]
    [InlineData("[1]", new long[] { -1, 4 }, "1 value")]
    [InlineData("[[1,2],[3,4]]", new long[] { 1, 2 }, "2 rows")]
    [InlineData("[]", new long[] { 1, 2 }, "0 rows")]
    [InlineData("[1,2,3]", new long[] { 2 }, "3 values")]
    [InlineData("[]", new long[] { 1 }, "0 values")]
    [InlineData("[[[1,2],[3,4]],[[1,2],[3]]]", new long[] { -1, 2, 2 }, "1 value at [1][1]")]
    [InlineData("[[[1,2],[3,4]],[[1,2]]]", new long[] { -1, 2, 2 }, "1 list at [1]")]
    [InlineData("[[1,2]]", new long[] { -1, 2, 2 }, "1 list")]
    [InlineData("[[1,2],[3,4],[5,6]]", new long[] { -1, 2, 2 }, "3 lists")]
    // Ragged.
    [InlineData("[[1,2],[3]]", new long[] { -1, -1 }, "1 value in row 1, but 2 before it")]
    [InlineData("[[1],[2],[3,4]]", new long[] { -1, -1 }, "2 values in row 2, but 1 before it")]
    [InlineData("[[[1],[2]],[[3]]]", new long[] { -1, -1, 1 }, "1 list at [1], but 2 before it")]
    // Nesting.
    [InlineData("5", new long[] { -1, 4 }, "a number")]
    [InlineData("\"a\"", new long[] { -1, 4 }, "a string")]
    [InlineData("{}", new long[] { -1, 4 }, "an object")]
    [InlineData("null", new long[] { -1, 4 }, "null")]
    [InlineData("[[[1,2,3,4]]]", new long[] { -1, 4 }, "lists nested more than 2 deep")]
    [InlineData("[1,2]", new long[] { -1, 2, 2 }, "lists nested 1 deep")]
    [InlineData("[[1]]", new long[] { 2 }, "lists nested more than 1 deep")]
    [InlineData("7", new long[] { 2 }, "a number")]
    [InlineData("[7]", new long[] { }, "a list")]
    [InlineData("[1,2,[3],4]", new long[] { -1, 4 }, "a list at [2] where a single value belongs")]
    [InlineData("[[1,2,3,4],5]", new long[] { -1, 4 }, "a number at [1] where a list belongs")]
    [InlineData("[[1,2,3,4],\"a\"]", new long[] { -1, 4 }, "a string at [1] where a list belongs")]
    [InlineData("[[1,2,3,[4]]]", new long[] { -1, 4 }, "a list at [0][3] where a single value belongs")]
    // Elements.
    [InlineData("[[1,2,\"3\",4]]", new long[] { -1, 4 }, "a string at [0][2]")]
    [InlineData("[1,2,null,4]", new long[] { -1, 4 }, "null at [2]: a missing value, which this model refuses: send a number, give the feature a default, or let the model take it (the setting missing: nan)")]
    [InlineData("[1,true,3,4]", new long[] { -1, 4 }, "true at [1]")]
    [InlineData("[1,{\"a\":1},3,4]", new long[] { -1, 4 }, "an object at [1]")]
    [InlineData("[[1,2,3,4],[1,1e39,3,4]]", new long[] { -1, 4 }, "1e39 at [1][1], which is out of range")]
    [InlineData("-1e400", new long[] { }, "-1e400, which is out of range")]
    public void What_does_not_fit_is_refused_with_what_came_and_where(string json, long[] shape, string got)
    {
        var type = $"FP32 [{string.Join(',', shape)}]";

        Assert.Equal($"x expects {type}; got {got}", Tensor.Error(json, Datatype.Fp32, shape));
    }

    [Theory]
    [InlineData(Datatype.UInt8, "300", "300, which is out of range")]
    [InlineData(Datatype.UInt8, "-1", "-1, which is out of range")]
    [InlineData(Datatype.Int8, "128", "128, which is out of range")]
    [InlineData(Datatype.Int16, "-32769", "-32769, which is out of range")]
    [InlineData(Datatype.UInt16, "65536", "65536, which is out of range")]
    [InlineData(Datatype.Int32, "2147483648", "2147483648, which is out of range")]
    [InlineData(Datatype.UInt32, "4294967296", "4294967296, which is out of range")]
    [InlineData(Datatype.Int64, "9223372036854775808", "9223372036854775808, which is out of range")]
    [InlineData(Datatype.UInt64, "18446744073709551616", "18446744073709551616, which is out of range")]
    [InlineData(Datatype.UInt64, "-1", "-1, which is out of range")]
    [InlineData(Datatype.Int64, "1.5", "1.5, which is not an integer")]
    [InlineData(Datatype.Int64, "1e-400", "1e-400, which is not an integer")]
    [InlineData(Datatype.Int64, "1e99999999999999999999", "1e99999999999999999999, which is out of range")]
    [InlineData(Datatype.Int64, "true", "true")]
    [InlineData(Datatype.Fp16, "65520", "65520, which is out of range")]
    [InlineData(Datatype.Bf16, "3.4e38", "3.4e38, which is out of range")]
    [InlineData(Datatype.Bf16, "1e400", "1e400, which is out of range")]
    [InlineData(Datatype.Fp32, "1e400", "1e400, which is out of range")]
    [InlineData(Datatype.Fp64, "1e400", "1e400, which is out of range")]
    [InlineData(Datatype.Fp64, "\"NaN\"", "NaN: a missing value, which this model refuses: send a number, give the feature a default, or let the model take it (the setting missing: nan)")]
    [InlineData(Datatype.Bool, "1", "a number")]
    [InlineData(Datatype.Bool, "\"true\"", "a string")]
    [InlineData(Datatype.Bytes, "1", "a number")]
    [InlineData(Datatype.Bytes, "null", "null: a missing value, which BYTES cannot hold: send a value, or give the feature a default")]
    [InlineData(Datatype.Bytes, "\"\\ud800\"", "a string that is not well-formed Unicode")]
    [InlineData(Datatype.Int64, "123456789012345678901234567890123456789012345", "1234567890123456789012345678901234567890…, which is out of range")]
    public void An_element_beyond_its_datatype_is_refused(Datatype datatype, string json, string got) =>
        Assert.Equal($"x expects {datatype.Name()} []; got {got}", Tensor.Error(json, datatype));

    [Fact]
    public void A_string_whose_bytes_are_not_UTF8_is_refused()
    {
        var bytes = new System.Buffers.ReadOnlySequence<byte>([(byte)'"', 0xFF, (byte)'"']);

        var error = Assert.Throws<InvalidInputException>(() => Tensor.Read(bytes, Datatype.Bytes));

        Assert.Equal("x expects BYTES []; got a string that is not well-formed Unicode", error.Message);
    }

    [Fact]
    public void Integers_are_exact_beyond_what_a_double_holds()
    {
        Assert.Equal([9007199254740993, long.MaxValue, long.MinValue], Tensor.Read("[9007199254740993,9223372036854775807,-9223372036854775808]", Datatype.Int64, -1).Elements<long>());
        Assert.Equal([ulong.MaxValue, 9007199254740993], Tensor.Read("[18446744073709551615,9007199254740993.000]", Datatype.UInt64, -1).Elements<ulong>());
    }

    [Fact]
    public void A_whole_number_is_an_integer_however_it_is_written() =>
        Assert.Equal([1, 100, -20, 12, 0, 0, 3], Tensor.Read("[1.0,1e2,-2E+1,0.12e2,-0,0e999999999999,3000e-3]", Datatype.Int8, -1).Elements<sbyte>());

    [Fact]
    public void Strings_are_unescaped_into_UTF8()
    {
        var tensor = Tensor.Read("""[["a\"b","\u00e9\uD83D\uDE00"],["","ü€\n"]]""", Datatype.Bytes, -1, 2);

        Assert.Equal([2, 2], tensor.Shape.ToArray());
        Assert.Equal("a\"bé😀ü€\n", Encoding.UTF8.GetString(tensor.Data));
    }

    [Fact]
    public void A_body_in_segments_of_one_byte_reads_the_same()
    {
        var json = """[["a\"b","\u00e9\uD83D\uDE00"],["","ü€\n"]]"""u8;
        Assert.Equal("a\"bé😀ü€\n", Encoding.UTF8.GetString(Tensor.Read(Tensor.InPieces(json), Datatype.Bytes, -1, 2).Data));

        Assert.Equal([12.5f, -3e-7f, 1], Tensor.Read(Tensor.InPieces("[12.5, -3e-7 ,1]"u8), Datatype.Fp32, -1).Elements<float>());
        Assert.Equal([(Half)12.5, (Half)3e-7], Tensor.Read(Tensor.InPieces("[12.5,3e-7]"u8), Datatype.Fp16, -1).Elements<Half>());
        Assert.Equal([long.MinValue, 5], Tensor.Read(Tensor.InPieces("[-9223372036854775808,5.0]"u8), Datatype.Int64, -1).Elements<long>());
        Assert.Equal([0x3F80, 0x4049], Tensor.Read(Tensor.InPieces("[1,3.141592653589793238462643383279502884197169399375]"u8), Datatype.Bf16, -1).Elements<ushort>().Select(bits => (int)bits));
    }

    [Fact]
    public void A_number_of_a_million_digits_is_rounded_like_any_other()
    {
        var json = "0." + new string('3', 1_000_000);

        Assert.Equal([0.333333343f], Tensor.Read(json, Datatype.Fp32).Elements<float>());
        Assert.Equal([(Half)0.3333333333], Tensor.Read(json, Datatype.Fp16).Elements<Half>());
    }

    [Fact]
    public void More_than_the_limit_is_refused_before_it_is_stored()
    {
        var buffer = new TensorBuffer(Tensor.Signature(Datatype.Fp64, -1), 4096);
        var most = $"[{string.Join(',', Enumerable.Repeat("1", 512))}]";

        Tensor.Read(buffer, new(Encoding.UTF8.GetBytes(most)));
        var error = Assert.Throws<InvalidInputException>(() => Tensor.Read(buffer, new(Encoding.UTF8.GetBytes(most.Replace("]", ",1]")))));

        Assert.Equal("x expects FP64 [-1]; got more than 4 KiB of values, the limit for one input", error.Message);
    }

    [Fact]
    public void Strings_count_with_what_they_cost()
    {
        var buffer = new TensorBuffer(Tensor.Signature(Datatype.Bytes, -1), 4096);

        var error = Assert.Throws<InvalidInputException>(() => Tensor.Read(buffer, new(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("\"\"", 129))}]"))));

        Assert.Equal("x expects BYTES [-1]; got more than 4 KiB of values, the limit for one input", error.Message);
    }

    [Fact]
    public void A_buffer_reads_one_value_after_another()
    {
        var buffer = new TensorBuffer(Tensor.Signature(Datatype.Int32, -1, -1), 1 << 20);
        foreach (var (json, shape, elements) in new (string, long[], int[])[]
        {
            ("[[1,2,3]]", [1, 3], [1, 2, 3]),
            ("[[4],[5]]", [2, 1], [4, 5]),
            ("[]", [0, 0], []),
            ("[6,7]", [1, 2], [6, 7]),
        })
        {
            Tensor.Read(buffer, new(Encoding.UTF8.GetBytes(json)));
            Assert.Equal(shape, buffer.Shape.ToArray());
            Assert.Equal(elements, buffer.Elements<int>());
        }
    }
}
