using System.Buffers;
using Larder.Inference.Rows;

namespace Larder.Orchestrations.Scoring.Rows;

/// <summary>Reads the rows of a chunk, one after the other.</summary>
internal interface IDataRows : IDisposable
{
    /// <summary>Goes on to the next row; false when there is none.</summary>
    bool Next();

    /// <summary>Adds the row to a batch.</summary>
    /// <returns>Why it cannot be scored; null when it is added.</returns>
    string? Feed(RowBatch batch);

    /// <summary>Writes what of it the result repeats, each with what separates it from the next. Of a row that cannot be read, as much as can.</summary>
    void Keep(IBufferWriter<byte> destination);
}
