using System.Text;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.Http;

/// <summary>Requests that two programs could read in two ways.</summary>
[Collection(nameof(SharedLarder))]
public sealed class RawRequestTests(LarderFixture larder)
{
    private static readonly byte[] Body = """{"data":["0123456789"]}"""u8.ToArray();

    [Theory]
    [InlineData("23", 200)]
    [InlineData("0000000000000000023", 200)]
    [InlineData("+23", 400)]
    [InlineData("-0", 400)]
    [InlineData("-23", 400)]
    [InlineData("0x17", 400)]
    [InlineData("23.0", 400)]
    [InlineData("2 3", 400)]
    [InlineData("23, 23", 400)]
    [InlineData("23\r\nContent-Length: 23", 400)]
    [InlineData("23\r\nTransfer-Encoding: chunked", 400)]
    [InlineData("9223372036854775808", 400)]
    [InlineData("000000000000000000000000000000000023", 400)]
    [InlineData("", 400)]
    public async Task The_length_of_a_body_is_digits_once(string length, int status)
    {
        var reply = await RawHttp.SendAsync(larder.Client.BaseAddress!, "POST", "/api/test/sendtomodelhost"u8.ToArray(), [], Body, length);

        Assert.Equal(status, reply.Status);
    }

    [Theory]
    [InlineData(1, 200)]
    [InlineData(2, 403)]
    public async Task A_request_has_one_origin(int origins, int status)
    {
        var origin = Encoding.ASCII.GetBytes(larder.Client.BaseAddress!.GetLeftPart(UriPartial.Authority));

        var reply = await RawHttp.SendAsync(
            larder.Client.BaseAddress!, "POST", "/api/test/sendtomodelhost"u8.ToArray(), Enumerable.Repeat(("Origin", origin), origins), Body);

        Assert.Equal(status, reply.Status);
    }
}
