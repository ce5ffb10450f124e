using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Larder.Cli.Configuration;

namespace Larder.Cli.Transfers;

/// <summary>What is remembered of an upload in blocks, so that the same command goes on where it was interrupted. It has no URL and no token.</summary>
internal sealed record UploadState
{
    /// <summary>The server.</summary>
    public required string Server { get; init; }

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary><c>model</c> or <c>dataset</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The file's name on the server.</summary>
    public required string Name { get; init; }

    /// <summary>The whole path of the file here.</summary>
    public required string File { get; init; }

    /// <summary>Its size.</summary>
    public required long Size { get; init; }

    /// <summary>When it was changed last.</summary>
    public required DateTime Modified { get; init; }

    /// <summary>The upload's id.</summary>
    public required string Upload { get; init; }

    /// <summary>Bytes of a block.</summary>
    public required int BlockSize { get; init; }

    /// <summary>Blocks that storage has.</summary>
    public int Blocks { get; init; }

    /// <summary>Whether it is the same file for the same place.</summary>
    public bool IsFor(UploadState other) => this with { Upload = "", Blocks = 0, BlockSize = 0 } == other with { Upload = "", Blocks = 0, BlockSize = 0 };

    /// <summary>The state of an earlier command for the same file and place; null for none.</summary>
    public static UploadState? Find(ConfigFile config, UploadState wanted)
    {
        try
        {
            return JsonSerializer.Deserialize<UploadState>(System.IO.File.ReadAllBytes(wanted.PathIn(config))) is { } found && found.IsFor(wanted) ? found : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Remembers it.</summary>
    public void Keep(ConfigFile config) => PrivateFile.Write(PathIn(config), JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>Forgets it.</summary>
    public void Forget(ConfigFile config) => System.IO.File.Delete(PathIn(config));

    private string PathIn(ConfigFile config)
    {
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Server}\n{Kind}\n{Model}\n{Name}\n{File}")));
        return Path.Combine(config.Folder, "uploads", $"{key[..32]}.json");
    }
}
