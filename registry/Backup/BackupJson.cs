using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Registry.Errors;
using Larder.Registry.Models;

namespace Larder.Registry.Backup;

/// <summary>How documents are written into archives, for people to read, and read from them, mistrusting everything.</summary>
internal static class BackupJson
{
    private static readonly JsonSerializerOptions Writing = new(RegistryJson.Options)
    {
        WriteIndented = true,
        // Not the system's own: the same registry is the same bytes everywhere.
        NewLine = "\n",
    };

    private static readonly JsonSerializerOptions Reading = new(RegistryJson.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>A document as it is in an archive.</summary>
    public static byte[] Write<T>(T value) => [.. JsonSerializer.SerializeToUtf8Bytes(value, Writing), (byte)'\n'];

    /// <summary>Reads one.</summary>
    /// <exception cref="InvalidRequestException">It is not JSON, or not of that type: why, with the file's name.</exception>
    public static T Read<T>(string file, ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Reading) ?? throw Unusable(file, "it is null");
        }
        catch (JsonException e)
        {
            throw Unusable(file, e.Path is { Length: > 1 } path ? $"what it has at {path} is not known, or not what it should be" : "it is not the JSON that it should be");
        }
        catch (Exception e) when (e is NotSupportedException or ArgumentException or FormatException)
        {
            throw Unusable(file, "it is not the JSON that it should be");
        }
    }

    /// <summary>Why a file of an archive cannot be used.</summary>
    public static InvalidRequestException Unusable(string file, string why) => new($"The archive's file {ModelName.Shown(file)} cannot be used: {why}.");
}
