namespace Larder.Cli.Commands;

/// <summary>A data set is a file of this machine, or one that the server has.</summary>
internal static class DataArgument
{
    /// <summary>Whether it is an address of the server's: <c>datasets/...</c>, <c>uploads/...</c> or a URL. A file of this name here counts more: <c>./datasets/x.csv</c> is always one.</summary>
    public static bool IsAddress(string data) =>
        !File.Exists(data)
        && (data.StartsWith("datasets/", StringComparison.Ordinal) || data.StartsWith("uploads/", StringComparison.Ordinal) || data.Contains("://", StringComparison.Ordinal));
}
