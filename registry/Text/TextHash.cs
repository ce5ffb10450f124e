using System.Security.Cryptography;
using System.Text;

namespace Larder.Registry.Text;

/// <summary>Texts as keys: of one length, and not telling what they say.</summary>
public static class TextHash
{
    /// <summary>The SHA-256 of a text in UTF-8, 64 lower-case hexadecimal digits.</summary>
    public static string Of(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
